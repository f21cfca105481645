"""Who may import whom: the floor plan in docs/architecture.md is the law, read from there and held against the imports.

Its rooms stand from the roof to the ground. A room imports itself and the rooms below it, or of those only what its row names.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("dialects", "passes", "compiler", "runtime", "meshwright")
MOST_LINES, MEDIAN_LINES, MOST_FILES = 250, 130, 20

# Libraries with one door: only these files may import them.
DOORS: dict[str, tuple[str, ...]] = {
    "jax": ("compiler/frontends/jax.py",),
    "mpi4py": ("runtime/",),
    "cupy": ("runtime/",),
    "mip": ("passes/solvers/",),
    "scipy": ("passes/solvers/",),
    "flatbuffers": ("compiler/frontends/",),
}


class Room(NamedTuple):
    """A row of the floor plan. ``sees``: prefixes of module names, None for all that is below."""

    path: str
    sentence: str
    sees: tuple[str, ...] | None

    @property
    def name(self) -> str:
        return dotted(self.path)


class Import(NamedTuple):
    """One import statement's target. ``late``: inside a function, when it runs."""

    target: str
    line: int
    late: bool


def dotted(path: str) -> str:
    return path.removesuffix(".py").strip("/").replace("/", ".")


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def floor_plan() -> list[Room]:
    rows = re.findall(
        r"^\| `([\w/.]+)` \| (.+?) \| (.+?) \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE
    )
    found = [(path, text, tuple(map(dotted, re.findall(r"`([\w/.]+)`", sees))), sees) for path, text, sees in rows]
    return [Room(path, text, None if said == "all below" else sees) for path, text, sees, said in found]


def module_name(path: Path) -> str:
    return dotted(path.relative_to(ROOT).as_posix()).removesuffix(".__init__")


FLOORS = floor_plan()
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MODULES = {module_name(path): path for path in FILES}


def imports(path: Path) -> list[Import]:
    """Of every import statement; ``from a import b`` counts as a.b if that is a module of ours."""
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    late = {id(node) for function in functions for node in ast.walk(function)}
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(item.name, node.lineno, id(node) in late) for item in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{item.name}" for item in node.names]
            found += [Import(n if n in MODULES else node.module, node.lineno, id(node) in late) for n in names]
    return found


def floor_of(module: str) -> int:
    """Its room's place in the plan: the row with the longest name that fits."""
    return max((i for i, room in enumerate(FLOORS) if within(module, room.name)), key=lambda i: len(FLOORS[i].name))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    mine = floor_of(module_name(path))
    room, wrong = FLOORS[mine], []
    for item in imports(path):
        if item.target.split(".")[0] not in PACKAGES or item.target in PACKAGES:
            continue
        # the launcher may ask the planner to plan, when it runs; the runtime never needs it to be imported
        if item.late and within(room.name, "runtime") and within(item.target, "compiler"):
            continue
        seen = room.sees is None or any(within(item.target, prefix) for prefix in room.sees)
        theirs = floor_of(item.target)
        if theirs != mine and not (theirs > mine and seen):
            wrong.append(f"line {item.line}: {room.path} imports {item.target} of {FLOORS[theirs].path}")
    assert wrong == []


def test_no_circle_of_imports() -> None:
    graph = {name: {item.target for item in imports(path)} & MODULES.keys() - {name} for name, path in MODULES.items()}
    while leaves := [name for name, targets in graph.items() if not targets]:
        graph = {name: targets.difference(leaves) for name, targets in graph.items() if name not in leaves}
    assert graph == {}, "each of these imports another of them"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_libraries_come_in_by_one_door(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    wrong = [
        f"line {item.line}: {relative} imports {item.target}; only {', '.join(doors)} may"
        for item in imports(path)
        for library, doors in DOORS.items()
        if within(item.target, library) and not any(relative.startswith(door) for door in doors)
    ]
    assert wrong == []


def test_solvers_do_not_know_mlir() -> None:
    files = (ROOT / "passes/solvers").rglob("*.py")
    assert [path.name for path in files for item in imports(path) if within(item.target, "jaxlib")] == []


def test_every_folder_stands_in_the_floor_plan_with_its_sentence() -> None:
    plan = {room.path: room.sentence for room in FLOORS}
    folders = {f"{path.parent.relative_to(ROOT).as_posix()}/": path for path in FILES if path.name == "__init__.py"}
    assert {path.parent for path in FILES} == {path.parent for path in folders.values()}
    assert {path: sentence for path, sentence in plan.items() if path in folders} == {
        folder: (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0].replace("\n", " ")
        for folder, path in folders.items()
    }
    assert [path for path in plan if path not in folders and not (ROOT / path).is_file()] == []


def test_rooms_stay_small() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in FILES if path.name != "__init__.py"}
    assert {path.relative_to(ROOT).as_posix(): n for path, n in lines.items() if n > MOST_LINES} == {}
    assert median(lines.values()) < MEDIAN_LINES
    folders = [path.parent for path in lines]
    assert {str(folder): folders.count(folder) for folder in folders if folders.count(folder) > MOST_FILES} == {}


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("compiler.opt", ("jax", "scipy", "mip", "mpi4py", "cupy", "rich")),
        ("compiler.plan.files", ("jax", "jaxlib", "numpy", "scipy", "mip", "mpi4py", "cupy")),
        ("compiler.explain.text", ("jax", "jaxlib", "numpy", "scipy", "mip", "mpi4py", "cupy", "passes")),
        ("compiler.__main__", ("jax", "jaxlib", "numpy", "scipy", "mip", "mpi4py", "cupy", "passes")),
        ("runtime.launch", ("jax", "scipy", "mip", "cupy", "passes")),
    ],
)
def test_import_is_light(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
