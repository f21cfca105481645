"""Claim: 64 ranks, 8 meshes of 8, start and train on 2 cores: first step within 90 s of the command, job under 16 GiB.

python benchmarks/many_ranks.py [--ranks 64]
"""

import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

MODULE = Path("tests/modules/gpt.mlirbc")
PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print seconds from the command to the first step and to the end, and the job's peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, default=64)
    ranks = parser.parse_args().ranks
    mpirun = Path(sys.executable).with_name("mpirun")
    began = time.monotonic()
    command = [
        str(mpirun),
        "-np",
        str(ranks),
        sys.executable,
        "-m",
        "runtime.launch",
        str(MODULE),
        "--steps",
        "3",
        "--verify",
    ]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = [0]
    watcher = threading.Thread(target=watch, args=(job, peak), daemon=True)
    watcher.start()
    first = 0.0
    assert job.stdout is not None
    for line in job.stdout:
        if line.startswith("step 1"):
            first = time.monotonic() - began
        print(line, end="")
    job.wait()
    print(
        f"{ranks} ranks: first step after {first:.1f} s, end after {time.monotonic() - began:.1f} s, peak {peak[0] / 2**30:.1f} GiB"
    )
    sys.exit(job.returncode)


def watch(job: subprocess.Popen[str], peak: list[int]) -> None:
    """Sample the proportional memory of the job's process tree (shared pages counted once)."""
    while job.poll() is None:
        peak[0] = max(peak[0], sum(proportional_bytes(pid) for pid in family(job.pid)))
        time.sleep(2)


def family(root: int) -> list[int]:
    """``root`` and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def proportional_bytes(pid: int) -> int:
    """Pss of a process from smaps_rollup, 0 when it has gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    main()
