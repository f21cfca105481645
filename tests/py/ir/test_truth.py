"""What XLA compiles is what was planned: the collectives of its HLO are the priced ones, its buffers those predicted."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from benchmarks.truth import Collective, in_hlo, priced, step_bytes, truths
from compiler.driver import make_plan
from compiler.options import PlanOptions
from runtime.devices.xla import World

MODULES = Path(__file__).parents[2] / "modules"
WITHIN = 0.1  # of the step's peak; the table of all modules: python benchmarks/truth.py --all


@cache
def world() -> World:
    return World.here(4)


@pytest.mark.parametrize(
    ("name", "intra", "mesh", "memory"),
    [
        ("jax_mlp", "data", (2, 2), None),
        ("jax_mlp", "zero3", (4,), None),
        ("jax_mlp", "ilp", (2, 2), 4.5e5),
        ("linen_cnn", "megatron", (4,), None),
        ("gpt", "zero3", (2, 2), None),
    ],
)
def test_predicted_is_compiled(
    tmp_path: Path, name: str, intra: str, mesh: tuple[int, ...], memory: float | None
) -> None:
    options = PlanOptions(
        hosts=1, devices_per_host=4, stages=1, mesh=mesh, intra=intra, microbatches=2, memory_per_device=memory
    )
    plan = make_plan(str(MODULES / f"{name}.mlirbc"), str(tmp_path), options)
    found = truths(tmp_path, plan, world())
    for truth in found:
        assert truth.said == truth.made, truth.fragment.name
    text = sum((truth.a_step for truth in found), Counter[Collective]())
    assert text == priced(plan)
    assert text.total() > 0
    real = step_bytes(plan, {truth.fragment.name: float(truth.compiled.temp_bytes) for truth in found})
    assert plan.prediction.mesh_peak_bytes[0] == pytest.approx(real, rel=WITHIN)


def test_an_op_that_joins_sums_is_counted_as_the_sums() -> None:
    hlo = """
      %all-reduce.1 = (f32[4,2]{1,0}, f32[]) all-reduce(%a, %b), channel_id=1, replica_groups={{0,1},{2,3}}, to_apply=%add
      %all-gather.2 = bf16[8,4]{1,0} all-gather(%c), channel_id=2, replica_groups=[1,4]<=[4], dimensions={0}
      %reduce-scatter.3 = f32[2]{0} reduce-scatter(%d), channel_id=3, replica_groups={{0,1},{2,3}}, dimensions={0}
      %permute.4 = s32[3]{0} collective-permute(%e), channel_id=4, source_target_pairs={{0,1},{1,0}}
    """
    assert in_hlo(hlo) == Counter(
        {
            ("all_reduce", 2, 32): 1,
            ("all_reduce", 2, 4): 1,
            ("all_gather", 4, 64): 1,
            ("reduce_scatter", 2, 16): 1,
            ("collective_permute", 0, 12): 1,
        }
    )
