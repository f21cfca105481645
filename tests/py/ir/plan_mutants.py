"""Plans with one place changed, and what must become of each: refused in one line, or the numbers of the plan that it was.

``python tests/py/ir/plan_mutants.py PLAN NUMBER [SEED]`` runs each of NUMBER mutants with mpirun, and compares all its numbers
with those of PLAN: some 2 s each.
"""

from __future__ import annotations

import copy
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

PEOPLE = (
    "remarks",
    "decisions",
    "slots",
    "prediction",
    "digests",
)  # what the runtime does not look at, and what is signed


def places(document: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a JSON document."""
    found = [where] if where else []
    items: Any = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, item in items:
        found += places(item, (*where, key))
    return found


def at(document: Any, where: tuple[Any, ...]) -> Any:
    """What lies at a path."""
    for key in where:
        document = document[key]
    return document


def mutant(document: dict[str, Any], choose: random.Random, skip: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
    """A copy with one place changed, and the change in words. Equal to the original at times."""
    changed = copy.deepcopy(document)
    all_places = [where for where in places(changed) if where[0] not in skip]
    by_shape: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for where in all_places:
        by_shape.setdefault(_shape(where), []).append(where)
    where = choose.choice(
        by_shape[choose.choice(sorted(by_shape, key=str))]
    )  # every kind of place as likely as any other
    parent, old = at(changed, where[:-1]), at(changed, where)
    alike = [at(document, other) for other in by_shape[_shape(where)]]
    edits: list[tuple[str, Any]] = [("another's", choose.choice(alike))]
    if isinstance(old, bool) or old is None:
        edits += [("other", None if old else 0), ("zero", 0)]
    elif isinstance(old, int | float):
        edits += [("less", old - 1), ("more", old + 1), ("twice", old * 2), ("null", None), ("huge", 2**62)]
    elif isinstance(old, str):
        edits += [("longer", old + "0"), ("empty", ""), ("null", None)]
    elif isinstance(old, list):
        mixed = choose.sample(old, len(old))
        edits += [
            ("reversed", old[::-1]),
            ("mixed", mixed),
            ("shorter", old[:-1]),
            ("longer", old + old[-1:]),
            ("empty", []),
        ]
        if len(old) > 1:
            i, j = choose.sample(range(len(old)), 2)
            swapped = [old[j] if k == i else old[i] if k == j else item for k, item in enumerate(old)]
            edits += [("swapped", swapped), ("without", old[:i] + old[i + 1 :])] * 2
    what, new = choose.choice(edits)
    parent[where[-1]] = new
    if isinstance(parent, dict) and choose.random() < 0.05:
        del parent[where[-1]]
        what = "deleted"
    return changed, f"{'.'.join(map(str, where))} {what}: {str(old)[:60]} -> {str(new)[:60]}"


def exchange(document: dict[str, Any], choose: random.Random, skip: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
    """A copy in which two places of one kind have changed places: the likeliest to be sound, and another program."""
    changed = copy.deepcopy(document)
    by_shape: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for where in places(changed):
        if where[0] not in skip:
            by_shape.setdefault(_shape(where), []).append(where)
    first, second = choose.sample(choose.choice([each for each in by_shape.values() if len(each) > 1]), 2)
    one, two = copy.deepcopy(at(document, first)), copy.deepcopy(at(document, second))
    if first[: len(second)] != second and second[: len(first)] != first:
        at(changed, first[:-1])[first[-1]], at(changed, second[:-1])[second[-1]] = two, one
    return changed, f"{'.'.join(map(str, first))} <-> {'.'.join(map(str, second))}: {str(one)[:60]} <-> {str(two)[:60]}"


def _shape(where: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple("#" if isinstance(key, int) else key for key in where)


def _run(plan: Path, ranks: int, outputs: Path) -> tuple[int, str]:
    command = [str(Path(sys.executable).with_name("mpirun")), "-np", str(ranks), sys.executable, "-m", "runtime.launch"]
    command += [str(plan), "--steps", "2", "--outputs", str(outputs)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stderr.strip()


def main(plan: Path, number: int, seed: int) -> None:
    """Print each mutant that is neither refused in one line nor gives the plan's numbers, and how many there were."""
    document, choose, wrong = json.loads((plan / "plan.json").read_text()), random.Random(seed), 0
    ranks = sum(len(mesh["ranks"]) for mesh in document["meshes"])
    with tempfile.TemporaryDirectory() as folder:
        changed, want, got = Path(folder) / "plan", Path(folder) / "want.npz", Path(folder) / "got.npz"
        assert _run(plan, ranks, want)[0] == 0
        shutil.copytree(plan, changed)
        for count in range(number):
            made, what = (mutant if count % 2 else exchange)(document, choose, PEOPLE)
            (changed / "plan.json").write_text(json.dumps(made))
            code, errors = _run(changed, ranks, got)
            fine = code in (1, 2) and errors.startswith("error: ") and "\n" not in errors
            if code == 0:
                with np.load(want) as a, np.load(got) as b:
                    fine = a.keys() == b.keys() and all(np.allclose(a[k], b[k], 1e-4, 1e-5) for k in a)
            if not fine:
                wrong += 1
                print(f"{what}\n    code {code}: {errors[:300]}", flush=True)
    print(f"{number} mutants, {wrong} neither refused in one line nor the same")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
