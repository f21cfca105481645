"""The custom calls that Meshwright lets through to XLA, by name, each with the shapes that it may have. All others are refused.

A kernel behind a custom call believes what it is told, so this list is all that keeps a module from running what it likes.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from jaxlib.mlir import ir

from dialects.build import call_target
from dialects.kernel_calls import differ, first_element, sizes_of, tensor_name, type_names, wanted_types, wrong_kernel
from dialects.lapack import element_of, kernel_of, reflectors
from dialects.ops import shape_of

IDENTITIES = (
    "Sharding",
    "annotate_device_placement",
    "SPMDFullToShardShape",
    "SPMDShardToFullShape",
    "LayoutConstraint",
)
_UNARY = frozenset(f"mhlo.{name}" for name in "erf asin acos sinh cosh asinh acosh atanh tan".split())
# Kernels of other platforms: a file for several platforms has them in branches that the choice of one makes dead.
_ELSEWHERE = ("cu", "hip", "__cu", "__gpu", "triton", "mosaic", "tpu_", "LuDecomposition")
_STATIC = ("shape_assertion", "stablehlo.dynamic_")


class Wrong(NamedTuple):
    """What is wrong with a call, and what its author can do."""

    message: str
    remedy: str


def wrong_call(op: ir.Operation, *, everywhere: bool) -> Wrong | None:
    """Why the custom_call ``op`` must not run; None if it may.

    ``everywhere``: neither frontends' identities nor dead branches are left, so that those are wrong too.
    """
    target = call_target(op) or ""
    if target in IDENTITIES and not everywhere:
        return None if type_names(op.operands) == type_names(op.results) else Wrong(_says_devices(op, target), _SINGLE)
    kernel = kernel_of(target, first_element(op.operands))
    if kernel is not None:
        problem = wrong_kernel(op, *kernel)
    elif target in _RULES:
        problem = _RULES[target](op)
    else:
        return _unknown(target, everywhere=everywhere)
    if _called(op):
        problem = "it calls functions"
    if _has_effect(op):
        problem = "it has side effects"
    return Wrong(f"custom_call @{target}: {problem}", "export the program again") if problem else None


_WITHOUT = "remove pure_callback, io_callback or debug.print from the step and export it again"
_SINGLE = "export the single-device program; Meshwright distributes it"
_WRITE = (
    "write it in StableHLO ops: a custom call runs native code, and Meshwright knows only those that its list names"
)


def _unknown(target: str, *, everywhere: bool) -> Wrong | None:
    if "callback" in target:
        return Wrong(f"the program calls back into Python (custom_call @{target})", _WITHOUT)
    if target.startswith("mw."):
        return Wrong(f"custom_call @{target} is a mark of Meshwright's own passes", "export the program again")
    if target == "ApproxTopK":
        return Wrong(f"custom_call @{target} cannot be planned", "use jax.lax.top_k, or a sort")
    if target.startswith(_STATIC):
        return Wrong(f"custom_call @{target} works on dynamic shapes", "export with static shapes")
    if target.startswith(_ELSEWHERE):
        remedy = 'export for the CPU: jax.export.export(step, platforms=["cpu"]), or JAX_PLATFORMS=cpu'
        return Wrong(f"custom_call @{target} is of another platform", remedy) if everywhere else None
    if target.startswith("lapack_"):
        return Wrong(f"custom_call @{target} is none of this jaxlib's kernels", "export it with the jax of today")
    return Wrong(f"got custom_call @{target}, which is not on the list of known calls", _WRITE)


def _called(op: ir.Operation) -> list[str]:
    """The functions that a custom_call is given."""
    items = ir.ArrayAttr(op.attributes["called_computations"]) if "called_computations" in op.attributes else ()
    return [ir.FlatSymbolRefAttr(item).value for item in items]


def _has_effect(op: ir.Operation) -> bool:
    return "has_side_effect" in op.attributes and ir.BoolAttr(op.attributes["has_side_effect"]).value


def _says_devices(op: ir.Operation, target: str) -> str:
    made, taken = (", ".join(type_names(values)) for values in (op.results, op.operands))
    return f"the program already says which device does what (custom_call @{target} makes {made} of {taken})"


def _top_k(op: ir.Operation) -> str:
    shape = shape_of(op.operands[0]) if len(op.operands) == 1 else ()
    if not shape or len(op.results) != 2 or not shape_of(op.results[0]):
        return "want one operand of rank 1 or more, and its values and indices"
    count = shape_of(op.results[0])[-1]
    few = (*shape[:-1], count)
    if count > shape[-1]:
        return f"the {count} largest of {shape[-1]}"
    if "operand_layouts" in op.attributes or "result_layouts" in op.attributes:
        return "it has layouts"
    return differ("operand", type_names(op.operands), [tensor_name(shape, "f32")]) or differ(
        "result", type_names(op.results), [tensor_name(few, "f32"), tensor_name(few, "i32")]
    )


def _mhlo_top_k(op: ir.Operation) -> str:
    wanted = f"{{k = {shape_of(op.results[0])[-1]} : i64, largest = true}}" if not _top_k(op) else ""
    found = str(op.attributes.get("mhlo.attributes", ""))
    return _top_k(op) or ("" if found == wanted else f"it has the attributes {found or '{}'}, want {wanted}")


def _same(op: ir.Operation) -> str:
    if len(op.operands) != 1 or type_names(op.operands) != type_names(op.results):
        return "want one operand and one result like it"
    if str(op.attributes.get("mhlo.attributes", "")) != "{}":
        return "want mhlo.attributes = {}"
    return "" if re.fullmatch(r"bf16|f\d+", first_element(op.operands)) else "want an operand of floats"


def _written_out(operands: str, results: str) -> Callable[[ir.Operation], str]:
    """The rule of a call that XLA writes out in ops of its own; it does so for floats."""

    def rule(op: ir.Operation) -> str:
        words = operands.split()
        letter = next((key for key in "sd" if element_of("", key) == first_element(op.operands)), None)
        if len(words) != len(op.operands) or letter is None:
            return f"want {len(words)} operands of f32 or f64"
        sizes, batch = sizes_of(op, words)
        sizes["k"] = min(sizes.get("m", sizes["n"]), sizes["n"])
        wanted = wanted_types(words, sizes, batch, letter)
        if problem := differ("operand", type_names(op.operands), wanted) or reflectors(sizes, {}):
            return problem
        return differ("result", type_names(op.results), wanted_types(results.split(), sizes, batch, letter))

    return rule


def _eigh(op: ir.Operation) -> str:
    config = op.attributes.get("backend_config", None)
    text = ir.StringAttr(config).value if isinstance(config, ir.StringAttr) else ""
    if not re.fullmatch(r"[01],[01],\d{1,4},(\d{1,9}(\.\d{0,9})?|\d{0,9}\.\d{1,9})(e-?\d{1,2})?", text):
        return "its backend_config is not LOWER,SORT,ITERATIONS,TOLERANCE"
    return _written_out("nn", "nn n")(op)


_RULES: dict[str, Callable[[ir.Operation], str]] = {
    "TopK": _top_k,
    "mhlo.topk": _mhlo_top_k,
    **dict.fromkeys(_UNARY, _same),
    "Qr": _written_out("mn", "mn k"),
    "ProductOfElementaryHouseholderReflectors": _written_out("mn t", "mn"),
    "Eigh": _eigh,
}
