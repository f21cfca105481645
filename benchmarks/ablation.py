"""Claim: where Alpa compares sharding inside a mesh (OSDI'22, 8.2), the optimum is no slower than any rule.

python benchmarks/ablation.py [--full] [--dir DIR] [--models gpt_350M_f16 …] [--meshes 8 2x4 4x2] [--memory 16GiB]
                              [--time-limit 120] [--plot FILE.svg]

GPT, MoE (float16 layers) and Wide-ResNet of growing sizes on the 8 V100s of one host, one stage, no gradient accumulation.
First table: predicted milliseconds of a step under one cost model, or OOM and the GiB that the fullest device would need.
Second: GiB on that device by class. `megatron` stands for the paper's heuristic. Data parallelism and ZeRO, to which all devices
are alike, run on the first of the meshes; `megatron` and `ilp` on the best of them for each, which is named.
--plot needs the extra `bench` (matplotlib).
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from choosers import PATH, read_case
from jaxlib.mlir import ir

from compiler.decisions.memory import memory_record
from compiler.frontends.load import load_module
from dialects.context import make_context
from paper import export
from passes.analysis.shardings.cases import Case
from passes.choosers.base import SolverOptions
from passes.shardings.choose_shardings import CHOOSERS
from passes.solvers.shardings.problem import OutOfMemory, ShardingSolution

RULES = ("data", "zero2", "zero3", "megatron", "ilp")
OF_ANY_MESH = ("megatron", "ilp")  # where it matters which axis is which
SMALL = ("gpt_350M_f16", "gpt_1.3B_f16", "moe_380M_f16", "moe_1.3B_f16", "wresnet_250M", "wresnet_1B")
LARGER = (
    *("gpt_2.6B_f16", "gpt_6.7B_f16", "gpt_15B_f16", "gpt_39B_f16"),
    *("moe_2.4B_f16", "moe_10B_f16", "moe_27B_f16", "moe_70B_f16"),
    *("wresnet_2B", "wresnet_4B", "wresnet_6.8B", "wresnet_13B"),
)
# Columns and the classes of compiler.decisions.memory in them. Without accumulation gradients cross fragments like activations.
COLUMNS = {
    "parameters": ("parameters",),
    "optimizer": ("optimizer",),
    "activations, gradients": ("activations", "gradients and accumulators"),
}
GIB = 2**30


@dataclass(frozen=True)
class Cell:
    """What one chooser does with one model. ``seconds`` is None where nothing was chosen, and ``why`` says why.

    ``mesh``: the logical shape of the devices, where there was a choice.
    """

    seconds: float | None
    bytes_of: dict[str, float]
    limit_bytes: float
    gap: float = 0.0
    mesh: str = ""
    why: str = "OOM"

    @property
    def used_bytes(self) -> float:
        """On the fullest device at its fullest moment."""
        return sum(self.bytes_of.values())

    @property
    def fits(self) -> bool:
        """Whether a device has the memory."""
        return self.seconds is not None and self.used_bytes <= self.limit_bytes

    def text(self) -> str:
        """Milliseconds, or OOM with the GiB that it would take."""
        if self.seconds is None:
            return self.why
        if not self.fits:
            return f"OOM {self.used_bytes / GIB:.1f}"
        notes = ", ".join([*([self.mesh] if self.mesh else []), *([f"gap {self.gap:.1%}"] if self.gap else [])])
        return f"{self.seconds * 1e3:.1f}" + (f" ({notes})" if notes else "")

    @property
    def rank(self) -> tuple[bool, float]:
        """Smaller is better: what fits by its seconds, else by how much is missing."""
        if self.seconds is None:
            return True, float(
                "inf"
            ) if self.why == "OOM" else sys.float_info.max  # what may fit on some mesh is not OOM
        return not self.fits, self.seconds if self.fits else self.used_bytes


def cells_of(model: str, file: Path, meshes: Sequence[str], memory: str, options: SolverOptions) -> dict[str, Cell]:
    """A row: each rule on the meshes that it may take."""
    found: dict[str, list[Cell]] = {rule: [] for rule in RULES}
    for number, mesh in enumerate(meshes):
        path = PATH.format(microbatches=1, machine="v100-p3.16xlarge", mesh=mesh, memory=f" memory={memory}")
        with make_context() as context, ir.Location.unknown():
            module = load_module(str(file), context).module  # the case lives as long as it does
            case = read_case(module, path)
            for rule in OF_ANY_MESH if number else RULES:
                cell = choose(case, rule, options)
                found[rule].append(replace(cell, mesh=mesh) if rule in OF_ANY_MESH and len(meshes) > 1 else cell)
                print(f"{model} {rule} {mesh}: {found[rule][-1].text()}", file=sys.stderr, flush=True)
    return {rule: min(cells, key=lambda cell: cell.rank) for rule, cells in found.items()}


def choose(case: Case, name: str, options: SolverOptions) -> Cell:
    """The choice of one chooser."""
    limit = case.prices.costs.memory_bytes
    try:
        solution: ShardingSolution = CHOOSERS[name](case, options)
    except OutOfMemory:
        return Cell(None, {}, limit)
    except TimeoutError:
        return Cell(None, {}, limit, why="no answer")
    record = memory_record(case, solution.choice)
    certificate = solution.certificate
    return Cell(certificate.objective_s, record.bytes_of, limit, certificate.gap if name == "ilp" else 0.0)


def plot(found: dict[str, dict[str, Cell]], path: str) -> None:
    """Steps a second relative to the optimum, a panel a family, of models that some rule fits; OOM where a bar would be."""
    import matplotlib as mpl  # pyright: ignore[reportMissingImports]

    mpl.use("svg")
    from matplotlib import pyplot as plt  # pyright: ignore[reportMissingImports]

    families: dict[str, list[str]] = {}
    for model in (model for model, cells in found.items() if any(cell.fits for cell in cells.values())):
        families.setdefault(model.split("_")[0], []).append(model)
    figure, panels = plt.subplots(1, len(families), figsize=(4.2 * len(families), 3), sharey=True, squeeze=False)
    width = 0.8 / len(RULES)
    for panel, (family, models) in zip(panels[0], families.items(), strict=True):
        for number, rule in enumerate(RULES):
            places = [place + (number - len(RULES) / 2 + 0.5) * width for place in range(len(models))]
            panel.bar(places, [_speed(found[model], rule) for model in models], width, label=rule)
            for place, model in zip(places, models, strict=True):
                if not found[model][rule].fits:
                    panel.text(place, 0.02, "OOM", rotation=90, ha="center", va="bottom", fontsize=7)
        panel.set_xticks(range(len(models)), [model.split("_")[1] for model in models])
        panel.set_title(family)
    panels[0][0].set_ylabel("predicted speed / ilp")
    figure.legend(*panels[0][0].get_legend_handles_labels(), fontsize=7, ncols=len(RULES), loc="lower center")
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(path, metadata={"Date": None})


def _speed(cells: dict[str, Cell], rule: str) -> float:
    best, mine = cells["ilp"], cells[rule]
    return best.seconds / mine.seconds if best.fits and mine.fits and best.seconds and mine.seconds else 0.0


def main() -> None:
    """Two tables in Markdown, and the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="all sizes of the paper")
    parser.add_argument("--models", nargs="*", default=None)
    parser.add_argument("--dir", type=Path, help="where the modules are or go; default: a temporary folder")
    parser.add_argument("--meshes", nargs="*", default=["8", "2x4", "4x2"])
    parser.add_argument("--memory", default="16GiB")
    parser.add_argument("--time-limit", type=float, default=120.0)
    parser.add_argument("--plot", metavar="FILE.svg")
    said = parser.parse_args()
    models: Sequence[str] = said.models or sorted({*SMALL, *(LARGER if said.full else ())}, key=_by_size)
    options = SolverOptions(time_limit_s=said.time_limit)
    found: dict[str, dict[str, Cell]] = {}
    print("| model | " + " | ".join(f"{rule} ms" for rule in RULES) + " |\n|---|" + "--:|" * len(RULES), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for model in models:
            file = export(model, (said.dir or Path(scratch)).resolve())
            cells = found[model] = cells_of(model, file, said.meshes, said.memory, options)
            print(f"| {model} | " + " | ".join(cell.text() for cell in cells.values()) + " |", flush=True)
    print_memory(found)
    if said.plot:
        plot(found, said.plot)


def print_memory(found: dict[str, dict[str, Cell]]) -> None:
    """GiB by class, a row for each model and rule that chose something."""
    print("\n| model | rule | " + " | ".join(COLUMNS) + " | rest | all GiB |\n|---|---|" + "--:|" * 5)
    for model, cells in found.items():
        for rule, cell in cells.items():
            sizes = [sum(cell.bytes_of.get(kind, 0.0) for kind in kinds) for kinds in COLUMNS.values()]
            row = [f"{size / GIB:.2f}" for size in (*sizes, cell.used_bytes - sum(sizes), cell.used_bytes)]
            if cell.bytes_of:
                print(f"| {model} | {rule} | " + " | ".join(row) + " |")


def _by_size(model: str) -> tuple[str, float]:
    family, size = model.split("_")[:2]
    return family, float(size[:-1]) * (1e-3 if size.endswith("M") else 1.0)


if __name__ == "__main__":
    main()
