"""Random one-place changes to the code, each of which a test should see: ``python tests/mutate.py ROOM NUMBER [SEED]``.

ROOM is a folder such as ``passes/solvers``, or several joined by commas. Each change is made in a temporary copy, where the tests
near the room run first and then, with ``--wider``, all that need no MPI; a failing test or a time limit kills it. Changes listed
in ``mutants_equivalent.txt`` (the lines that this prints) change nothing that anybody could see, and do not count. Not part of
the continuous integration.
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
PURE, IR, LIT = "tests/py/pure", "tests/py/ir", "tests/lit"
# The first that fits the file's path: what runs first, as names of files in PURE, in IR, and paths in LIT.
NEAR: tuple[tuple[str, str, str, str], ...] = (
    ("passes/solvers/stages", "cut refusals", "", ""),
    ("passes/solvers/placement", "placement refusals", "", ""),
    ("passes/solvers/costs", "mesh_costs reshard", "", ""),
    ("passes/solvers/program", "program placement", "", ""),
    ("passes/solvers", "solver_parts certificates solve_free sharding_solver", "", ""),
    ("passes/analysis/ops", "halo", "split_rules trip_count windows truth ops_through_microbatch", "passes/partition"),
    ("passes/analysis/batch", "", "ops_through_microbatch rows_elsewhere group_statistics", "passes/microbatch"),
    ("passes/analysis/roles", "", "roles assign_roles_said", "passes/normalize passes/microbatch/place_rows.mlir"),
    ("passes/analysis/memory", "", "buffers no_room", "passes/shardings"),
    ("passes/analysis/shardings", "", "annotations machine_attr choosers", "passes/shardings"),
    ("passes/analysis/stages", "", "buffers microbatch", "passes/stages passes/fragments passes/normalize"),
    ("passes/analysis", "", "pair_rows constants ops_through_microbatch", "passes/partition passes/normalize"),
    (
        "passes/partition",
        "",
        "verify_collectives partition_steps split_rules partition_order partition_ops",
        "passes/partition",
    ),
    ("passes/choosers", "", "choosers annotations", "passes/choosers"),
    ("passes/shardings", "", "annotations choosers", "passes/shardings"),
    ("passes/normalize", "", "fold_pads pair_rows constants roles", "passes/normalize"),
    (
        "passes/microbatch",
        "",
        "whole_outputs group_statistics rows_elsewhere ops_through_microbatch",
        "passes/microbatch",
    ),
    ("passes/base", "pass_spec", "pipeline", ""),
    ("passes", "", "pipeline microbatch buffers ops_through_microbatch", "passes/stages passes/fragments"),
    ("compiler/plan", "plan plan_edits instructions seal pieces whole_files explain_tables decision_records", "", ""),
    ("compiler/explain", "explain_tables decision_records refusals plain", "explain", ""),
    ("compiler/decisions", "", "explain solve", ""),
    ("compiler/schedules", "schedule explain_tables", "", ""),
    ("compiler/simulate", "explain_tables schedule", "truth", ""),
    ("compiler/machine", "machine mesh mesh_costs refusals", "machine_attr", "compiler/machine"),
    ("compiler/calibrate", "calibrate refusals", "", ""),
    ("compiler/cli", "words numbers errors plain refusals", "commands explain solve", ""),
    ("compiler/pipeline", "pass_spec", "pipeline commands", ""),
    ("compiler/emit", "instructions plan_edits schedule", "driver many_arguments", ""),
    (
        "compiler/frontends",
        "",
        "load platforms mhlo bounded refused_ops custom_calls_refused narrow_types annotations hostile_names hostile_modules",
        "",
    ),
    ("compiler", "machine words numbers", "driver no_room commands solve pipeline", "compiler/plans"),
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


def near(file: Path) -> tuple[tuple[str, ...], ...]:
    """The tests that are likeliest to see a change to a file: those for pytest, those for lit."""
    relative = str(file.relative_to(ROOT))
    pure, own, lit = next(names for prefix, *names in NEAR if relative.startswith(prefix))
    files = [f"{folder}/test_{name}.py" for folder, names in ((PURE, pure), (IR, own)) for name in names.split()]
    return tuple(files), tuple(f"{LIT}/{path}" for path in lit.split())


def survives(copied: Path, file: Path, text: str, *, wider: bool, limit_s: float) -> bool:
    """Whether every test passes with the change."""
    place = copied / file.relative_to(ROOT)
    before = place.read_text()
    groups = [*near(file), (PURE, IR), (LIT,)] if wider else near(file)
    try:
        place.write_text(text)
        return all(are_green(copied, tests, limit_s) for tests in groups)
    finally:
        place.write_text(before)


def are_green(copied: Path, tests: tuple[str, ...], limit_s: float) -> bool:
    """Whether these files and folders of tests pass in time."""
    if not tests:
        return True
    environment = {**os.environ, "PYTHONPATH": str(copied), "PYTHONDONTWRITEBYTECODE": "1"}
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command = [str(Path(sys.executable).with_name("lit")), "-q"] if tests[0].startswith(LIT) else pytest
    try:
        done = subprocess.run(
            [*command, *tests], cwd=copied, env=environment, capture_output=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> None:
    """Print each survivor, on stderr what became of the others, and how many were killed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("room")
    options.add_argument("number", type=int)
    options.add_argument("seed", type=int, nargs="?", default=0)
    options.add_argument(
        "--wider", action="store_true", help="what the near tests let pass meets all tests without MPI"
    )
    options.add_argument("--limit", type=float, default=1800.0, help="seconds of one run of tests")
    given = options.parse_args()
    known = (
        {line for line in EQUIVALENT.read_text().splitlines() if line and line[0] != "#"}
        if EQUIVALENT.exists()
        else set()
    )
    files = [file for room in given.room.split(",") for file in sorted((ROOT / room).rglob("*.py"))]
    found = [(file, *made) for file in files for made in mutants(file)]
    picked = random.Random(given.seed).sample(found, min(given.number, len(found)))
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "copy"
        left_out = shutil.ignore_patterns(".venv*", ".git", "__pycache__", "demo-out", "shared")
        shutil.copytree(ROOT, copied, ignore=left_out, symlinks=True)
        for tests in {tests: None for file, *_ in picked for tests in near(file)}:
            if not are_green(copied, tests, given.limit):
                raise SystemExit(f"{', '.join(tests)} fail as the code is: nothing can be learned from them")
        for file, what, text in picked:
            if what in known:
                verdict = "equivalent"
            else:
                alive = survives(copied, file, text, wider=given.wider, limit_s=given.limit)
                verdict = "survived" if alive else "killed"
            counts[verdict] += 1
            print(f"{verdict}: {what}", file=sys.stderr if verdict != "survived" else sys.stdout, flush=True)
    meant = counts["killed"] + counts["survived"]
    share = f"{100 * counts['killed'] / meant:.0f} %" if meant else "nothing to kill"
    print(f"{given.room}, seed {given.seed}: {dict(counts)} of {len(found)} places: {share} killed")


if __name__ == "__main__":
    main()
