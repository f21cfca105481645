"""Who may import whom. The rooms of docs/architecture.md are kept apart by reading the imports, and by running two of them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = ("dialects", "passes", "compiler", "runtime")

# Longest matching prefix decides: room -> what of ours it may import.
ALLOWED: dict[str, tuple[str, ...]] = {
    "dialects": ("dialects",),
    "passes.base": ("dialects", "passes.base"),
    "passes.solvers": ("passes.solvers", "dialects.errors", "dialects.sharding"),
    "dialects.sharding": ("dialects.sharding",),
    "passes.analysis": ("dialects", "passes.analysis", "passes.solvers"),
    "passes": ("dialects", "passes"),
    "compiler.plan": ("compiler.plan", "dialects.errors"),
    "compiler.schedules": ("compiler.plan", "compiler.schedules", "dialects.errors"),
    "compiler": ("dialects", "passes", "compiler"),
    "runtime": ("runtime", "compiler.plan", "dialects"),
}

# Libraries with one door: only these files may import them.
DOORS: dict[str, tuple[str, ...]] = {
    "jax": ("compiler/frontends/jax.py",),
    "mpi4py": ("runtime/",),
    "cupy": ("runtime/",),
    "mip": ("passes/solvers/",),
    "scipy": ("passes/solvers/",),
    "flatbuffers": ("compiler/frontends/",),
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files() -> list[Path]:
    return sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> list[tuple[str, int, bool]]:
    """(module, line, whether at import time) of every import statement; ``from a import b`` counts as a.b if that is a module."""
    tree = ast.parse(path.read_text())
    late = {
        id(node) for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for node in ast.walk(function)
    }
    found: list[tuple[str, int, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(item.name, node.lineno, id(node) not in late) for item in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for item in node.names:
                deeper = f"{node.module}.{item.name}"
                is_module = (ROOT / Path(*deeper.split("."))).with_suffix(".py").exists() or (
                    ROOT / Path(*deeper.split("."))
                ).is_dir()
                found.append((deeper if is_module else node.module, node.lineno, id(node) not in late))
    return found


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    name = module_name(path)
    room = max((prefix for prefix in ALLOWED if within(name, prefix)), key=len)
    wrong: list[str] = []
    for target, line, early in imports(path):
        if target.split(".")[0] not in ROOMS or target.split(".")[0] == target:
            continue
        # the launcher may ask the planner to plan, when it runs; the runtime never needs it to be imported
        if name.split(".")[0] == "runtime" and not early and within(target, "compiler"):
            continue
        if not any(within(target, prefix) for prefix in ALLOWED[room]):
            wrong.append(f"line {line}: {name} imports {target}; {room} may import {', '.join(ALLOWED[room])}")
    assert wrong == []


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_libraries_come_in_by_one_door(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    wrong = [
        f"line {line}: {relative} imports {target}; only {', '.join(doors)} may"
        for target, line, _ in imports(path)
        for library, doors in DOORS.items()
        if within(target, library) and not any(relative.startswith(door) for door in doors)
    ]
    assert wrong == []


def test_solvers_do_not_know_mlir() -> None:
    wrong = [
        path.name
        for path in (ROOT / "passes/solvers").rglob("*.py")
        for name, _, _ in imports(path)
        if within(name, "jaxlib")
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("compiler.opt", ("jax", "scipy", "mip", "mpi4py", "cupy", "rich")),
        ("compiler.plan.files", ("jax", "jaxlib", "numpy", "scipy", "mip", "mpi4py", "cupy")),
        ("runtime.launch", ("jax", "scipy", "mip", "cupy", "passes")),
    ],
)
def test_import_is_light(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {forbidden!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
