"""Digests of ten plans and of what ``explain`` says of them: equal before and after a change that should change no plan.

python benchmarks/digests.py > before.txt;  (change something)  python benchmarks/digests.py | diff before.txt -
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "tests/modules"
TWO_HOSTS = ("--hosts", "2", "--devices-per-host", "4")
FOUR = ("--hosts", "2", "--devices-per-host", "2")
CASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("gpt.mlirbc", TWO_HOSTS),
    ("gpt_small.mlirbc", (*TWO_HOSTS, "--schedule", "gpipe")),
    ("jax_mlp.mlirbc", (*FOUR, "--intra", "zero3")),
    ("nnx_transformer.mlirbc", (*TWO_HOSTS, "--intra", "megatron")),
    ("keras_cnn.mlirbc", FOUR),
    ("haiku_lstm.mlirbc", FOUR),
    ("torch_transformer.mlirbc", FOUR),
    ("vit_inference.mlirbc", TWO_HOSTS),
    ("zoo/scan_layers.mlirbc", (*TWO_HOSTS, "--stages", "4")),
    ("zoo/tied_embedding.mlirbc", ("--hosts", "3", "--devices-per-host", "2", "--microbatches", "4")),
)


def compiler(*arguments: object) -> bytes:
    """What ``python -m compiler`` prints."""
    command = [sys.executable, "-m", "compiler", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


def main() -> None:
    """One line a plan: digest of its files, digest of what is explained, its name and options."""
    with tempfile.TemporaryDirectory() as folder:
        for module, options in CASES:
            plan = Path(folder) / "plan"
            compiler("plan", MODULES / module, "-o", plan, *options)
            files = hashlib.sha256()
            for file in sorted(path for path in plan.rglob("*") if path.is_file()):
                files.update(f"{file.relative_to(plan)}\n".encode() + file.read_bytes())
            said = hashlib.sha256(compiler("explain", plan, "--json")).hexdigest()
            print(files.hexdigest()[:16], said[:16], module, *options, flush=True)


if __name__ == "__main__":
    main()
