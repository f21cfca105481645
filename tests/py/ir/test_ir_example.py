"""The example of docs/ir.md is what the tools print."""

import re
from pathlib import Path

from jaxlib.mlir import ir

from compiler.pipeline.run import run_pipeline
from compiler.pipeline.text import parse_pipeline
from dialects.context import make_context

PAGE = (Path(__file__).parents[3] / "docs" / "ir.md").read_text()


def squeezed(text: str) -> str:
    """Text without line breaks and the attributes that the page leaves out."""
    text = re.sub(r" \{mw\.batch_dim = array<i64: [-0-9]+>\}", "", text)
    return re.sub(r"([(\[{]) ", r"\1", " ".join(text.split()))


def test_example_is_true() -> None:
    program, placed, realized = re.findall(r"```mlir\n(.*?)```", PAGE, re.DOTALL)
    path = re.findall(r"'(normalize,.*)'", PAGE)[0]
    before, after = path.split(",verify-stages,")
    with make_context(), ir.Location.unknown():
        module = ir.Module.parse(program)
        run_pipeline(module, parse_pipeline(before))
        printed = str(module)
        for line in placed.strip().splitlines():
            assert line in printed, "types follow the line"
        run_pipeline(module, parse_pipeline(f"verify-stages,{after}"))
        text = squeezed(str(module))
    for part in realized.strip().split("\n\n"):
        assert squeezed(part) in text
