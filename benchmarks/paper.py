"""Claim: the whole intra-operator decision for Alpa's three largest models on one 2x4 mesh takes seconds.

python benchmarks/paper.py [--dir DIR] [--models gpt_39B moe_70B …] [--machine v100-p3.16xlarge] [--mesh 2x4] [--memory 1e12]

Each module is exported by examples/paper/ unless DIR has it, then decided by `compiler solve --whole` in a process of its own,
module in, annotated module out. `cpu` is the processor time of that process, start included, which other work on the machine
changes little; peak memory is its largest resident set. 39 billion parameters with Adam's moments do not fit 8 V100s (Alpa's
paper has 64), so the limit is raised: --memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SCRIPTS = {"gpt": "gpt.py", "moe": "moe.py", "wresnet": "wide_resnet.py"}
LARGEST = ("gpt_39B", "moe_70B", "wresnet_13B")
PARTS = ("load", "passes", "graph", "solve", "write")


def export(name: str, folder: Path) -> Path:
    """``gpt_39B``, or ``gpt_39B_f16`` with layers in float16, as a file of ``folder``; made if it is not there."""
    path = folder / f"{name}.mlirbc"
    if not path.exists():
        model, size, *half = name.split("_")
        script = ROOT / "examples" / "paper" / SCRIPTS[model]
        words = ["--size", size, "--out", str(folder), "--name", name, *(["--dtype", "float16"] if half else [])]
        subprocess.run([sys.executable, str(script), *words], check=True, stdout=subprocess.DEVNULL)
    return path


def decide(path: Path, annotated: Path, machine: str, mesh: str, memory: str) -> dict[str, Any]:
    """What ``compiler solve --json`` says, with ``cpu``: seconds of processor time of the process."""
    words = ["--whole", "--hosts", "1", "--devices-per-host", "8", "--machine", machine, "--mesh", mesh]
    words += ["--memory-per-device", memory, "-o", str(annotated), "--json"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "compiler", "solve", str(path), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{path.name}: compiler solve ended with {done.returncode}")
    return {**json.loads(done.stdout), "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def main() -> None:
    """One row a model, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, help="where the modules are or go; default: a temporary folder")
    parser.add_argument("--models", nargs="*", default=LARGEST)
    parser.add_argument("--machine", default="v100-p3.16xlarge")
    parser.add_argument("--mesh", default="2x4")
    parser.add_argument("--memory", default="1e12")
    said = parser.parse_args()
    head = ("model", "nodes", "edges", "core", *PARTS, "all s", "cpu s", "step s", "gap", "method", "peak MiB")
    print("| " + " | ".join(head) + " |\n|---|" + "--:|" * (len(head) - 1), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder: Path = (said.dir or Path(scratch)).resolve()
        for name in said.models:
            found = decide(
                export(name, folder), Path(scratch) / "annotated.mlirbc", said.machine, said.mesh, said.memory
            )
            (mesh,) = found["meshes"]
            how = mesh["certificate"]
            seconds = [found["seconds"].get(part, 0.0) for part in PARTS]
            row = [name, how["num_nodes"], how["num_edges"], how["core_nodes"], *(f"{part:.1f}" for part in seconds)]
            row += [f"{sum(seconds):.1f}", f"{found['cpu']:.1f}", f"{how['objective_s']:.4g}", f"{how['gap']:.2%}"]
            row += [how["method"], f"{found['peak_bytes'] / 2**20:.0f}"]
            print("| " + " | ".join(map(str, row)) + " |", flush=True)


if __name__ == "__main__":
    main()
