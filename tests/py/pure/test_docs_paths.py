"""Every page names files that are there: paths that begin with a folder of ours, and the targets of relative links."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = ("benchmarks", "compiler", "dialects", "docs", "examples", "passes", "runtime", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
TO_BE_WRITTEN = "cut_loops"  # the pass that CONTRIBUTING.md adds

_PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./-]*\.(?:py|md|toml|mlir)\b")
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    named = {ROOT / path for path in _PATH.findall(text) if TO_BE_WRITTEN not in path}
    links = {link.partition("#")[0] for link in _LINK.findall(_CODE.sub("", text)) if "://" not in link}
    missing = [str(path) for path in (*named, *(page.parent / link for link in links)) if not path.exists()]
    assert not missing
