"""One call of a LAPACK kernel against its entry in ``dialects/lapack.py``: types, sizes, attributes, layouts, shared buffers."""

from collections.abc import Sequence

from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dialects.lapack import FLAG, INTEGER, Kernel, Sizes, element_of
from dialects.ops import shape_of


def wrong_kernel(op: ir.Operation, kernel: Kernel, letter: str) -> str:
    """What is wrong with a call of ``kernel`` on elements of ``letter``; "" if it may run."""
    letters = _letters(op, kernel)
    if isinstance(letters, str):
        return letters
    words = kernel.operands.split()
    if len(words) != len(op.operands):
        return f"{len(op.operands)} operands, want {len(words)}"
    sizes, batch = sizes_of(op, words)
    if problem := differ("operand", type_names(op.operands), wanted_types(words, sizes, batch, letter)):
        return problem
    if "n" in sizes:
        sizes |= {"p": max(sizes["n"] - 1, 0), "k": min(sizes.get("m", sizes["n"]), sizes["n"])}
    if "u" in kernel.results and len(op.results) == 5:  # of an SVD, whose mode says how many vectors there are
        shapes = [shape_of(op.results[i]) for i in (2, 3)]
        sizes |= {"u": shapes[0][-1] if shapes[0] else 0, "v": shapes[1][-2] if len(shapes[1]) > 1 else 0}
    if problem := kernel.rule(sizes, letters):
        return problem
    results = kernel.results.split()
    if problem := differ("result", type_names(op.results), wanted_types(results, sizes, batch, letter)):
        return problem
    for name, specs in (("operand_layouts", words), ("result_layouts", results)):
        ranks = [len(batch) + len(dims_of(word)) for word in specs]
        if _layouts(op, name) != [_layout(rank, len(dims_of(word))) for rank, word in zip(ranks, specs, strict=True)]:
            return f"its {name} are not those of matrices in Fortran order"
    return _wrong_aliases(op, kernel)


def sizes_of(op: ir.Operation, words: list[str]) -> tuple[Sizes, tuple[int, ...]]:
    """What the letters of the operands' words mean here, each as its first operand says, and the batch of the last."""
    sizes: Sizes = {}
    batch: tuple[int, ...] = ()
    for value, word in zip(op.operands, words, strict=True):
        shape, dims = shape_of(value), dims_of(word)
        batch = shape[: max(len(shape) - len(dims), 0)]
        sizes = dict(zip(dims, shape[len(batch) :], strict=False)) | sizes
        sizes = dict.fromkeys(dims, 0) | sizes
    return sizes, batch


def wanted_types(words: list[str], sizes: Sizes, batch: tuple[int, ...], letter: str) -> list[str]:
    return [
        tensor_name((*batch, *(sizes[name] for name in dims_of(word))), element_of(word.partition(":")[2], letter))
        for word in words
    ]


def _letters(op: ir.Operation, kernel: Kernel) -> dict[str, str] | str:
    """The attributes that a typed kernel is given, as text; or what is wrong with them."""
    found = {name: op.attributes[name] for name in ("mhlo.backend_config", "backend_config") if name in op.attributes}
    version = ir.IntegerAttr(op.attributes["api_version"]).value if "api_version" in op.attributes else 1
    tables = [table for table in found.values() if isinstance(table, ir.DictAttr)]
    if len(tables) != 1 or (version != 4 and "mhlo.backend_config" not in found):
        return "it does not give its attributes as a typed call does"
    given = {item.name: item.attr for item in tables[0]}
    if given.keys() != kernel.attributes.keys():
        return f"it has the attributes {sorted(given)}, want {sorted(kernel.attributes)}"
    letters = {name: _letter(attr, kernel.attributes[name]) for name, attr in given.items()}
    wrong = next((name for name, letter in letters.items() if not letter), None)
    return {name: letter or "" for name, letter in letters.items()} if wrong is None else f"{wrong} = {given[wrong]}"


def _letter(attribute: ir.Attribute, wanted: str) -> str:
    text = str(attribute)
    if wanted == FLAG:
        return text if text in ("true", "false") else ""
    number, _, kind = text.partition(" : ")
    if wanted == INTEGER:
        return number if kind == "i32" else ""
    return chr(int(number)) if kind == "ui8" and chr(int(number)) in wanted else ""


def _wrong_aliases(op: ir.Operation, kernel: Kernel) -> str:
    if "output_operand_aliases" not in op.attributes:
        return ""
    for item in ir.ArrayAttr(op.attributes["output_operand_aliases"]):
        alias = stablehlo.OutputOperandAlias(item)
        place = [*alias.output_tuple_indices] or [0]
        if len(place) > 1 or len(alias.operand_tuple_indices) or (alias.operand_index, place[0]) not in kernel.aliases:
            return f"its operand {alias.operand_index} shares a buffer with result {place[0]}"
    return ""


def type_names(values: Sequence[ir.Value]) -> list[str]:
    """MLIR's names of the types of ``values``."""
    return [str(value.type) for value in values]


def first_element(values: Sequence[ir.Value]) -> str:
    """The element type of the first of ``values``; "" where there is none."""
    if not len(values) or not isinstance(values[0].type, ir.RankedTensorType):
        return ""
    return str(ir.RankedTensorType(values[0].type).element_type)


def tensor_name(shape: Sequence[int], element: str) -> str:
    """``tensor<4x8xf32>``."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"


def differ(what: str, found: Sequence[str], wanted: Sequence[str]) -> str:
    """How the types ``found`` differ from those ``wanted``, or ""; ``what``: "operand" or "result"."""
    if len(found) != len(wanted):
        return f"{len(found)} {what}s, want {len(wanted)}"
    pairs = enumerate(zip(found, wanted, strict=True))
    return next((f"{what} {i} is {got}, want {want}" for i, (got, want) in pairs if got != want), "")


def dims_of(word: str) -> str:
    """The letters of a word of a kernel, behind those of the batch."""
    return word.partition(":")[0]


def _layout(rank: int, dims: int) -> list[int]:
    """Minor to major: a matrix in Fortran order, batches outside of it."""
    order = list(range(rank - 1, -1, -1))
    return [rank - 2, rank - 1, *order[2:]] if dims == 2 else order


def _layouts(op: ir.Operation, name: str) -> list[list[int]]:
    if name not in op.attributes:
        return []
    tables = [ir.DenseIntElementsAttr(item) for item in ir.ArrayAttr(op.attributes[name])]
    return [[table[i] for i in range(len(table))] for table in tables]
