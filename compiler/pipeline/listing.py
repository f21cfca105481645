"""``compiler.opt --list-passes``: our passes with their options and first sentence, and MLIR's own by the op they run on."""

import dataclasses
import inspect

from compiler.pipeline.registry import NATIVE, PASSES


def list_passes() -> str:
    """The text to print."""
    lines = ["Meshwright's passes, in the order of the path through the house; all run on the module:"]
    for kind in PASSES:
        lines.append(f"  {kind.name}: {_sentence(kind)}")
        for item in dataclasses.fields(kind):
            default = "" if item.default in (None, dataclasses.MISSING) else f" (default {item.default})"
            lines.append(f"      {item.name.replace('_', '-')}{default}")
    for anchor, names in NATIVE.items():
        lines.append(
            f"MLIR's passes on {anchor}:" if anchor != "any" else "MLIR's passes on the module or in func.func(…):"
        )
        lines += [f"  {name}" for name in names]
    return "\n".join(lines)


def _sentence(kind: type) -> str:
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".")
