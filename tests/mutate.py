"""Random one-place changes to the code, each of which a test should see: ``python tests/mutate.py ROOM NUMBER [SEED]``.

ROOM is a folder such as ``passes/solvers``. Each change is made in a temporary copy, where the tests near the room run first and
then, with ``--wider``, all that need no MPI; a failing test or a time limit kills it. Changes listed in ``mutants_equivalent.txt``
(the lines that this prints) change nothing that anybody could see, and do not count. Not part of the continuous integration.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.txt")
PURE, IR = "tests/py/pure", "tests/py/ir"
# The first that fits the file's path: what runs first.
NEAR: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("passes/solvers/stages", (f"{PURE}/test_cut.py",)),
    ("passes/solvers/placement", (f"{PURE}/test_placement.py",)),
    ("passes/solvers/costs", (f"{PURE}/test_mesh_costs.py", f"{PURE}/test_reshard.py")),
    ("passes/solvers", (f"{PURE}/test_certificates.py", f"{PURE}/test_sharding_solver.py", f"{PURE}/test_program.py")),
    ("passes/analysis/ops", (f"{IR}/test_split_rules.py", f"{IR}/test_trip_count.py", f"{IR}/test_windows.py")),
    ("passes/partition", (f"{IR}/test_split_rules.py", f"{IR}/test_partition_steps.py", f"{IR}/test_partition_ops.py")),
    ("passes/analysis", (f"{IR}/test_buffers.py", f"{IR}/test_roles.py", f"{IR}/test_ops_through_microbatch.py")),
    (
        "compiler/plan",
        tuple(
            f"{PURE}/test_{name}.py"
            for name in "plan plan_edits instructions seal pieces whole_files explain_tables decision_records".split()
        ),
    ),
    ("compiler", (PURE,)),
)
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
COMPARISONS |= {ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult}
ARITHMETIC |= {ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}
TWINS = {"any": "all", "all": "any", "min": "max", "max": "min"}


GUARDS = ("frozen", "slots", "kw_only", "strict")  # of dataclasses and zip: against wrong code, no part of right code


def unseen(tree: ast.AST) -> set[int]:
    """What is in annotations and in guards against code that is not there, which no test can see."""
    notes = [getattr(node, key, None) for node in ast.walk(tree) for key in ("annotation", "returns")]
    notes += [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in GUARDS]
    return {id(part) for note in notes if note is not None for part in ast.walk(note)}


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    other = copy.deepcopy(node)
    if isinstance(other, ast.Compare) and type(other.ops[0]) in COMPARISONS:
        other.ops[0] = COMPARISONS[type(other.ops[0])]()
        yield other
    elif isinstance(other, ast.BoolOp):
        other.op = ast.Or() if isinstance(other.op, ast.And) else ast.And()
        yield other
    elif isinstance(other, ast.BinOp | ast.AugAssign) and type(other.op) in ARITHMETIC:
        other.op = ARITHMETIC[type(other.op)]()
        yield other
    elif isinstance(other, ast.Constant) and isinstance(other.value, bool | int | float):
        yield ast.Constant(not other.value if isinstance(other.value, bool) else other.value + 1)
    elif isinstance(other, ast.Call) and isinstance(other.func, ast.Name) and other.func.id in TWINS:
        other.func.id = TWINS[other.func.id]
        yield other
    elif isinstance(other, ast.UnaryOp) and isinstance(other.op, ast.Not):
        yield other.operand
    elif isinstance(other, ast.If):
        other.test = ast.Constant(value=False)
        yield other
    elif isinstance(other, ast.Raise | ast.Return) or (
        isinstance(other, ast.Expr) and isinstance(other.value, ast.Call)
    ):
        yield ast.Pass()


def mutants(file: Path) -> Iterator[tuple[str, str]]:
    """(what, the file's new text) of every change to a file. ``what`` names the place by its line's text and column."""
    text = file.read_text()
    tree = ast.parse(text)
    notes, lines = unseen(tree), text.encode().split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr | ast.stmt) or id(node) in notes:
            continue
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        for other in changes(node):
            old = " ".join(text.encode()[begin:end].decode().split())
            spelled = ast.unparse(ast.fix_missing_locations(other))
            indent = "\n" + " " * node.col_offset
            new = spelled.replace("\n", indent) if isinstance(node, ast.stmt) else f"({spelled})"
            result = (text.encode()[:begin] + new.encode() + text.encode()[end:]).decode()
            line = lines[node.lineno - 1].decode()
            at = f"{line.strip()[:110]} @{node.col_offset - len(line) + len(line.lstrip())}"
            yield f"{file.relative_to(ROOT)}: {at}: {old[:60]} -> {' '.join(spelled.split())[:60]}", result


def near(file: Path) -> tuple[str, ...]:
    """The tests that are likeliest to see a change to a file."""
    relative = str(file.relative_to(ROOT))
    return next((tests for prefix, tests in NEAR if relative.startswith(prefix)), (IR,))


def survives(copied: Path, file: Path, text: str, *, wider: bool, limit_s: float) -> bool:
    """Whether every test passes with the change."""
    relative = file.relative_to(ROOT)
    place = copied / relative
    before = place.read_text()
    tiers = [near(file), (PURE, IR, "tests/py/test_lit.py")] if wider else [near(file)]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    try:
        place.write_text(text)
        for tests in tiers:
            environment = {**os.environ, "PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
            try:
                done = subprocess.run(
                    [*command, *tests], cwd=copied, env=environment, capture_output=True, timeout=limit_s, check=False
                )
            except subprocess.TimeoutExpired:
                return False
            if done.returncode:
                return False
    finally:
        place.write_text(before)
    return True


def main() -> None:
    """Print each survivor, and how many were killed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("room")
    options.add_argument("number", type=int)
    options.add_argument("seed", type=int, nargs="?", default=0)
    options.add_argument(
        "--wider", action="store_true", help="what the near tests let pass meets all tests without MPI"
    )
    options.add_argument("--limit", type=float, default=1800.0, help="seconds of one run of tests")
    given = options.parse_args()
    known = set(EQUIVALENT.read_text().splitlines()) if EQUIVALENT.exists() else set()
    found = [(file, *made) for file in sorted((ROOT / given.room).rglob("*.py")) for made in mutants(file)]
    picked = random.Random(given.seed).sample(found, min(given.number, len(found)))
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "copy"
        left_out = shutil.ignore_patterns(".venv*", ".git", "__pycache__", "demo-out", "shared")
        shutil.copytree(ROOT, copied, ignore=left_out, symlinks=True)
        for file in {str(near(file)): file for file, *_ in picked}.values():
            if not survives(copied, file, file.read_text(), wider=False, limit_s=given.limit):
                raise SystemExit(f"{', '.join(near(file))} fail as the code is: nothing can be learned from them")
        for file, what, text in picked:
            if what in known:
                counts["equivalent"] += 1
                continue
            alive = survives(copied, file, text, wider=given.wider, limit_s=given.limit)
            counts["survived" if alive else "killed"] += 1
            if alive:
                print(what, flush=True)
    meant = counts["killed"] + counts["survived"]
    share = f"{100 * counts['killed'] / meant:.0f} %" if meant else "nothing to kill"
    print(f"{given.room}, seed {given.seed}: {dict(counts)} of {len(found)} places: {share} killed")


if __name__ == "__main__":
    main()
