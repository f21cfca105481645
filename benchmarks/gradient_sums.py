"""Claim: gradients that travel in one flat buffer make a data-parallel step faster than plain JAX, and ZeRO-3 much faster.

    python benchmarks/gradient_sums.py [--ranks 4] [--rounds 5] [--steps 8] [--intra data,ilp,zero3] [--bucket-bytes 0,32MiB]
                                      [--mesh auto] [--microbatches 1]

The demo's GPT (``tests/modules/gpt.mlirbc``), one stage on ``ranks`` processes of one device. In every round all run in turn, so
that a busy moment of the machine hits all of them: each plan (chooser x bucket size), and the same step as plain JAX
(``peers/jax_spmd.py``) on the same gloo. A candidate's time is the median over the rounds of the median step, without the first
two of a run.

    python benchmarks/gradient_sums.py --sums         only the sums: one op each, one op for all, one flat buffer

Needs jax and optax.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

MODULE = "tests/modules/gpt.mlirbc"
PEER = str(Path(__file__).parent / "peers/jax_spmd.py")
WARM_UP = 2  # steps


def main() -> None:
    """Print a row a candidate, with its ratio to the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="of each run, after two that are not counted")
    parser.add_argument("--intra", default="data,ilp,zero3")
    parser.add_argument("--bucket-bytes", default="0,32MiB")
    parser.add_argument("--mesh", default="auto")
    parser.add_argument("--microbatches", default="1")
    parser.add_argument("--sums", action="store_true")
    given = parser.parse_args()
    if given.sums:
        found = json.loads(_mpirun(given.ranks, [PEER, "sums", _port(), str(given.rounds)]))
        report({name: [float(second) for second in seconds] for name, seconds in found.items()})
        return
    with tempfile.TemporaryDirectory() as folder:
        report(measure(candidates(given, folder), given.rounds))


def candidates(given: argparse.Namespace, folder: str) -> dict[str, Callable[[], float]]:
    """Name -> a run's median seconds of a step; plain JAX first."""
    steps = given.steps + WARM_UP

    def plain() -> float:
        said: list[float] = json.loads(_mpirun(given.ranks, [PEER, "step", _port(), str(steps)]))
        return statistics.median(said[WARM_UP:])

    def planned(plan: str) -> float:
        said = json.loads(_mpirun(given.ranks, ["-m", "runtime.launch", plan, "--steps", str(steps), "--json"]))
        return statistics.median(float(step["seconds"]) for step in said["steps"][WARM_UP:])

    found: dict[str, Callable[[], float]] = {"plain JAX": plain}
    where = ["--hosts", "1", "--devices-per-host", str(given.ranks), "--stages", "1", "--mesh", given.mesh]
    for intra in given.intra.split(","):
        for size in given.bucket_bytes.split(","):
            plan = f"{folder}/{intra}-{size}"
            how = ["--microbatches", given.microbatches, "--intra", intra, "--bucket-bytes", size]
            _run([sys.executable, "-m", "compiler", "plan", MODULE, "-o", plan, *where, *how])
            found[f"{intra}, buckets of {size}"] = lambda plan=plan: planned(plan)
    return found


def measure(runs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Of each candidate, its seconds in each round."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            found[name].append(run())
    return found


def report(found: Mapping[str, Sequence[float]]) -> None:
    """``range``: the fastest and the slowest round; ``ratio``: to the first row."""
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    first = next(iter(medians.values()))
    print(f"{'':>26} {'ms':>8} {'range':>17} {'ratio':>6}")
    for name, seconds in found.items():
        spread = f"{min(seconds) * 1e3:.1f} … {max(seconds) * 1e3:.1f}"
        print(f"{name:>26} {medians[name] * 1e3:8.1f} {spread:>17} {medians[name] / first:6.2f}", flush=True)


def _port() -> str:
    """One that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _mpirun(ranks: int, words: Sequence[str]) -> str:
    """The last line of what rank 0 prints, or all of a JSON document."""
    said = _run([str(Path(sys.executable).with_name("mpirun")), "-np", str(ranks), sys.executable, *words])
    return said[said.index("{") :] if words[0] == "-m" else said.strip().splitlines()[-1]


def _run(command: Sequence[str]) -> str:
    """Standard output of a command that must succeed; what it says otherwise ends the benchmark."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
