"""Custom calls that are not what the list of known calls says: refused by the planner, and by a job that loads a plan."""

import re
from pathlib import Path

import pytest
from jaxlib.mlir import ir

from compiler.driver import make_plan
from compiler.frontends.load import load_bytes
from compiler.options import PlanOptions
from dialects.build import CALL
from dialects.context import make_context
from dialects.custom_calls import wrong_call
from dialects.errors import UserError
from dialects.ops import all_ops
from runtime.devices.check_modules import check_program, check_stages

CALLS = (Path(__file__).parents[2] / "modules/calls.mlir").read_text().split("// -----\n")
POTRF = next(text for text in CALLS if "@lapack_spotrf_ffi" in text and "tensor<4x4xf32>)" in text)
BATCHED = next(text for text in CALLS if "@lapack_spotrf_ffi" in text and "tensor<2x4x4xf32>)" in text)
FALSE = {
    "attribute": ("uplo = 76", "uplo = 77", "uplo = 77 : ui8"),
    "its kind": ("76 : ui8", "76 : i32", "uplo = 76 : i32"),
    "another": (
        "uplo = 76 : ui8",
        "uplo = 76 : ui8, more = 1 : i32",
        r"attributes \['more', 'uplo'\], want \['uplo'\]",
    ),
    "no table": ("mhlo.backend_config = {uplo = 76 : ui8}, ", "", "as a typed call does"),
    "layout": ("operand_layouts = [dense<[0, 1]>", "operand_layouts = [dense<[1, 0]>", "Fortran order"),
    "effect": ("{mhlo.backend_config", "{has_side_effect = true, mhlo.backend_config", "side effects"),
    "called": ("{mhlo.backend_config", "{called_computations = [@main], mhlo.backend_config", "it calls functions"),
    "unknown": ("lapack_spotrf_ffi", "nobody", "not on the list of known calls; write it in StableHLO ops"),
    "old": ("lapack_spotrf_ffi", "lapack_spotrf", "none of this jaxlib's kernels; export it with the jax of today"),
    "kernel of CUDA": ("lapack_spotrf_ffi", "cusolver_potrf_ffi", 'is of another platform; .*platforms=."cpu".'),
    "callback": ("lapack_spotrf_ffi", "xla_ffi_partitioned_python_cpu_callback", "calls back into Python"),
    "mark": ("lapack_spotrf_ffi", "mw.accumulate", "a mark of Meshwright's own passes"),
    "approximate": ("lapack_spotrf_ffi", "ApproxTopK", "use jax.lax.top_k"),
    "dynamic": ("lapack_spotrf_ffi", "shape_assertion", "export with static shapes"),
    "allocate": ("lapack_spotrf_ffi", "AllocateBuffer", "not on the list"),
    "shards": ("lapack_spotrf_ffi", "SPMDFullToShardShape", "already says which device does what"),
}


@pytest.mark.parametrize("name", FALSE)
def test_refused_in_one_sentence_with_its_place(name: str, tmp_path: Path) -> None:
    was, becomes, said = FALSE[name]
    assert was in POTRF
    module = tmp_path / "m.mlir"
    module.write_text(POTRF.replace(was, becomes))
    with pytest.raises(UserError, match=said) as caught:
        make_plan(str(module), str(tmp_path / "plan"), PlanOptions(hosts=1, devices_per_host=1))
    assert "stablehlo.custom_call" in str(caught.value)
    assert "m.mlir:2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_shared_buffer() -> None:
    text = next(text for text in CALLS if "lapack_sgtsv" in text).replace("operand_index = 1", "operand_index = 2")
    with make_context():
        module = ir.Module.parse(text)
        wrong = next(wrong_call(op, everywhere=True) for op in all_ops(module.operation) if op.name == CALL)
    assert wrong is not None
    assert wrong.message == "custom_call @lapack_sgtsv_ffi: its operand 2 shares a buffer with result 1"


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("tensor<2xi32>", "tensor<9xi32>", "result 1 is tensor<9xi32>, want tensor<2xi32>"),
        ("@lapack_spotrf_ffi", "@nobody", "@nobody, which is not on the list"),
        ("@lapack_spotrf_ffi", "@xla_python_cpu_callback", "calls back into Python"),
    ],
)
def test_a_plan_is_held_to_the_same_list(was: str, becomes: str, said: str, tmp_path: Path) -> None:
    module = tmp_path / "m.mlir"
    module.write_text(BATCHED)
    plan = make_plan(str(module), str(tmp_path / "plan"), PlanOptions(hosts=1, devices_per_host=1))
    files = {name: (tmp_path / "plan" / name).read_text() for name in plan.digests}
    stages = {f.name: files[f.file] for f in plan.fragments}
    check_stages(plan, 0, {name: text.encode() for name, text in stages.items()})
    changed = {name: text.replace(was, becomes).encode() for name, text in stages.items()}
    with pytest.raises(UserError, match=said):
        check_stages(plan, 0, changed)
    with pytest.raises(UserError, match=said):
        check_program(plan, files[plan.program].replace(was, becomes).encode())


OUTFEED = """%t = stablehlo.create_token : !stablehlo.token
"stablehlo.outfeed"(%a, %t) <{outfeed_config = ""}> : (tensor<4xf32>, !stablehlo.token) -> !stablehlo.token"""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (OUTFEED, "outfeed.* is none that a plan runs"),
        ("%b = math.exp %a : tensor<4xf32>", "math.exp.* is none that a plan runs"),
        ("%b = stablehlo.custom_call @Sharding(%a) : (tensor<4xf32>) -> tensor<4xf32>", "@Sharding, which is not on"),
    ],
)
def test_a_stage_only_computes(line: str, said: str, tmp_path: Path) -> None:
    module = tmp_path / "m.mlir"
    module.write_text(
        "func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {\n  %b = stablehlo.tanh %a : tensor<4xf32>\n  return %b : tensor<4xf32>\n}"
    )
    plan = make_plan(str(module), str(tmp_path / "plan"), PlanOptions(hosts=1, devices_per_host=1))
    fragment = plan.fragments[0]
    text = (tmp_path / "plan" / fragment.file).read_text()
    argument = re.findall(r"%arg\d+", text)[-1]
    changed = re.sub(
        r"^( *(sdy\.)?return )", lambda m: line.replace("%a", argument) + "\n" + m[0], text, count=1, flags=re.MULTILINE
    )
    with pytest.raises(UserError, match=said):
        check_stages(plan, 0, {fragment.name: changed.encode()})


def test_a_false_rule_of_sharding_is_not_believed() -> None:
    """A file that says that the rows of a matrix go apart: the rule is jax's again, or none on other ops."""
    text = next(text for text in CALLS if "@lapack_sgetrf_ffi" in text and "tensor<2x5x3xf32>" in text)
    false = "#sdy.op_sharding_rule<([i, j, k])->([i, j, k], [i, l], [i]) {i=2, j=5, k=3, l=3}>"
    text = text.replace("{mhlo.backend", f"{{sdy.sharding_rule = {false}, mhlo.backend")
    text = text.replace(
        "  return", f"  %s = stablehlo.negate %a0 {{sdy.sharding_rule = {SUM}}} : tensor<2x5x3xf32>\n  return"
    )
    with make_context() as context, ir.Location.unknown():
        ops = all_ops(load_bytes(text.encode(), context, "m").module.operation)
    rules = {op.name: str(op.attributes["sdy.sharding_rule"]) for op in ops if "sdy.sharding_rule" in op.attributes}
    jax = "#sdy.op_sharding_rule<([i, j, k])->([i, l, m], [i, n], [i]) {i=2, j=5, k=3, l=5, m=3, n=3}, custom>"
    assert rules == {CALL: jax}


SUM = "#sdy.op_sharding_rule<([i, j, k])->([i, j, k]) {i=2, j=5, k=3}>"
