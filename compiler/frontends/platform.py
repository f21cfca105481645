"""A program that was exported for several platforms becomes that of one: its first argument says which, and is made a constant.

Before: ``@main(%arg0: tensor<i32> {jax.global_constant = "_platform_index"}, %arg1: …)``, after: ``@main(%arg0: …)`` with
the constant in the body. A serialized jax.export names its platforms; a bare module only has the index.
"""

import re

from jaxlib.mlir import ir

from dialects.errors import fail
from dialects.ops import copy_module, entry_block, main_func
from passes.normalize.normalize import Normalize

HOST = "cpu"
# Kernels of GPUs and TPUs as jax names them; none of the CPU's begins so.
_FOREIGN_KERNEL = re.compile(
    r"custom_call @\"?(cu[a-z]*_|hip[a-z]*_|cudnn|triton|tpu_|gpu_|__gpu|__cu|mosaic|xla\.gpu)"
)
_GLOBAL_CONSTANT, _INDEX = "jax.global_constant", "_platform_index"


def fix_platform(module: ir.Module, named: tuple[str, ...], asked: str | None, shown: str, devices: str = HOST) -> None:
    """Choose one platform. ``named``: those that the file names, or (). ``asked``: ``--platform``; None is that of the ``devices``.

    Where the program was not exported for the devices, that for the CPU is taken: all platforms compute it.
    """
    main = main_func(module).operation
    attributes = ir.ArrayAttr(main.attributes["arg_attrs"]) if "arg_attrs" in main.attributes else ()
    marks = [_global_constant(attrs) for attrs in attributes]
    for index, mark in enumerate(marks):
        if mark and mark != _INDEX:
            fail(f"argument {index} is the dimension '{mark}'", where=shown, remedy="export with static shapes")
    if _INDEX not in marks:
        if named and asked is not None:
            _place(named, asked, shown, devices)
        return
    position = marks.index(_INDEX)
    chosen = _place(named, asked, shown, devices) if named else _unnamed(module, position, asked, shown, devices)
    _replace_argument(module, position, chosen)


def _place(named: tuple[str, ...], asked: str | None, shown: str, devices: str) -> int:
    """The index of the platform that is asked for among those that the file names."""
    names = ", ".join(named)
    if asked is None:
        if devices in named:
            return named.index(devices)
        if HOST not in named:
            remedy = 'export it for one: jax.export.export(step, platforms=["cpu"])'
            fail(f"the program was exported for the platforms {names}", where=shown, remedy=remedy)
        return named.index(HOST)
    if asked.isdecimal():
        return _in_range(int(asked), len(named), f"the program was exported for {names}")
    words = _words(asked)
    if len(words) > 1 and words != list(named):
        fail(f"got {', '.join(words)}, and the program was exported for {names}", where="--platform")
    if words[0] not in named:
        fail(
            f"got {words[0]}, and the program was exported for {names}",
            where="--platform",
            remedy=f"want one of {names}",
        )
    return named.index(_one_of(words, devices))


def _unnamed(module: ir.Module, position: int, asked: str | None, shown: str, devices: str) -> int:
    """The index in a module that does not say what its platforms are: where all are equal, or the user says."""
    count = _count(module, position)
    several = f"the program was exported for {count or 'several'} platforms that this file does not name"
    if asked is not None and asked.isdecimal():
        return _in_range(int(asked), count, several)
    words = _words(asked or HOST)
    if len(words) > 1:
        if count and len(words) != count:
            fail(f"got {len(words)} platforms, and {several}", where="--platform")
        return words.index(_one_of(words, devices))
    chosen = _only_choice([_normalized(module, position, index) for index in range(count)])
    if chosen is not None and words[0] == HOST:
        return chosen
    if words[0] != HOST:
        fail(f"got {words[0]}, and {several}", where="--platform", remedy="say its index: 0, 1, …")
    others = ",".join(["cpu", "cuda", "tpu"][: count or 2])
    fail(
        f"{several}, and what it computes depends on them",
        where=shown,
        remedy=f"name them in jax.export's order, as in --platform {others}, or give the serialized jax.export itself",
    )


def _in_range(index: int, count: int, several: str) -> int:
    if count and index >= count:
        fail(f"got {index}, and {several}", where="--platform", remedy=f"want 0 to {count - 1}")
    return index


def _one_of(words: list[str], devices: str) -> str:
    """Of a list of platforms that of the devices, else the CPU, else the only one."""
    if devices in words:
        return devices
    if len(words) > 1 and HOST not in words:
        fail(
            f"got {', '.join(words)}, and none is the cpu", where="--platform", remedy="name one, or its index: 0, 1, …"
        )
    return HOST if HOST in words else words[0]


def _words(asked: str) -> list[str]:
    return [word.strip() for word in asked.split(",")]


def _only_choice(programs: list[str]) -> int | None:
    """The CPU's program: all of them, those left out that call another platform's kernels, are the same; None if not."""
    own = [index for index, text in enumerate(programs) if not _FOREIGN_KERNEL.search(text)]
    return own[0] if len({programs[index] for index in own}) == 1 else None


def _count(module: ir.Module, position: int) -> int:
    """Between how many platforms the program chooses; 0 if that cannot be seen, 1 if it does not look at the index."""
    clone = copy_module(module)
    _keep_argument(clone, position)
    Normalize().run(clone)
    uses = list(entry_block(main_func(clone)).arguments[position].uses)
    if not uses:
        return 1
    owners = [use.owner.operation for use in uses]
    counts = {len(owner.regions) if owner.name == "stablehlo.case" else 0 for owner in owners}
    return counts.pop() if len(counts) == 1 else 0


def _normalized(module: ir.Module, position: int, index: int) -> str:
    """The program of platform ``index``, as text without places."""
    clone = copy_module(module)
    _replace_argument(clone, position, index)
    Normalize().run(clone)
    return str(clone)


def _keep_argument(module: ir.Module, position: int) -> None:
    """Forget what the argument is, so that no pass minds it."""
    main = main_func(module).operation
    entries = list(ir.ArrayAttr(main.attributes["arg_attrs"]))
    entries[position] = ir.DictAttr.get({}, module.context)
    main.attributes["arg_attrs"] = ir.ArrayAttr.get(entries, module.context)


def _global_constant(attrs: ir.Attribute) -> str:
    table = ir.DictAttr(attrs)
    return ir.StringAttr(table[_GLOBAL_CONSTANT]).value if _GLOBAL_CONSTANT in table else ""


def _replace_argument(module: ir.Module, index: int, value: int) -> None:
    main = main_func(module).operation
    block = entry_block(main.opview)
    argument = block.arguments[index]
    kind = ir.RankedTensorType(argument.type)
    with main.context, main.location:
        literal = ir.DenseElementsAttr.get_splat(kind, ir.IntegerAttr.get(kind.element_type, value))
        constant = ir.Operation.create(
            "stablehlo.constant", [kind], attributes={"value": literal}, ip=ir.InsertionPoint.at_block_begin(block)
        )
        argument.replace_all_uses_with(constant.results[0])
        block.erase_argument(index)
        signature = ir.FunctionType(ir.TypeAttr(main.attributes["function_type"]).value)
        inputs = [item for i, item in enumerate(signature.inputs) if i != index]
        main.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get(inputs, signature.results))
        rest = [item for i, item in enumerate(ir.ArrayAttr(main.attributes["arg_attrs"])) if i != index]
        main.attributes["arg_attrs"] = ir.ArrayAttr.get(rest)
