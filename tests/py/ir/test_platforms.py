"""Programs exported for several platforms: which one is taken, by the names of the file or by --platform; the refusals."""

import re

import numpy as np
import pytest
from exported import export
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from compiler.cli.options import plan_options
from compiler.frontends.load import load_bytes
from dialects.context import make_context
from dialects.errors import UserError
from dialects.ops import entry_block, main_func

# As jax writes it: the index of the platform picks the index of a rule, that the rule; called functions get the index too.
BARE = """module @step {{
  func.func public @main(%p: tensor<i32> {{jax.global_constant = "_platform_index"}}, %x: tensor<4xf32>) -> tensor<4xf32> {{
    %y = call @act(%p, %x) : (tensor<i32>, tensor<4xf32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }}
  func.func private @act(%p: tensor<i32>, %x: tensor<4xf32>) -> tensor<4xf32> {{
    %c0 = stablehlo.constant dense<0> : tensor<i32>
    %c1 = stablehlo.constant dense<1> : tensor<i32>
    %rule = "stablehlo.case"(%p) ({{ stablehlo.return %c{0} : tensor<i32> }}, {{ stablehlo.return %c{1} : tensor<i32> }},
      {{ stablehlo.return %c{2} : tensor<i32> }}) : (tensor<i32>) -> tensor<i32>
    %y = "stablehlo.case"(%rule) ({{
      %a = {3} : {5}
      stablehlo.return %a : tensor<4xf32>
    }}, {{
      %a = {4} : {5}
      stablehlo.return %a : tensor<4xf32>
    }}) : (tensor<i32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }}
}}"""
ADD, TWICE = "stablehlo.add %x, %x", "stablehlo.multiply %x, %x"
CUDA = "stablehlo.custom_call @cu_threefry2x32(%x)"


def bare(first: str, second: str, rules: tuple[int, int, int] = (0, 1, 1), kind: str = "tensor<4xf32>") -> str:
    return BARE.format(*rules, first, second, kind)


def computes(text: str | bytes, platform: str | None = None, devices: str = "cpu") -> list[float]:
    """What the program that was taken makes of [1, 2, 3, 5]."""
    with make_context() as context, ir.Location.unknown():
        blob = text.encode() if isinstance(text, str) else text
        module = load_bytes(blob, context, "m", platform, devices).module
        assert len(entry_block(main_func(module)).arguments) == 1
        assert "_platform_index" not in str(module)
        argument = ir.DenseElementsAttr.get(np.array([1, 2, 3, 5], np.float32))
        return [float(x) for x in np.asarray(ir.DenseFPElementsAttr(stablehlo.eval_module(module, [argument])[0]))]


ADDED, SQUARED = [2, 4, 6, 10], [1, 4, 9, 25]


@pytest.mark.parametrize(
    ("platform", "want"),
    [("0", ADDED), ("2", SQUARED), ("cpu,cuda,tpu", ADDED), ("cuda,tpu,cpu", SQUARED), ("tpu,cpu,rocm", SQUARED)],
)
def test_a_bare_module_is_told(platform: str, want: list[float]) -> None:
    assert computes(bare(ADD, TWICE), platform) == want


@pytest.mark.parametrize("platform", [None, "cpu", "1", "cuda,cpu,tpu"])
def test_nothing_to_tell_where_all_platforms_compute_the_same(platform: str | None) -> None:
    assert computes(bare(ADD, ADD), platform) == ADDED


@pytest.mark.parametrize("platform", [None, "cpu"])
def test_the_kernels_of_another_platform_are_not_the_cpus(platform: str | None) -> None:
    text = bare(TWICE, ADD, (0, 1, 1)).replace(TWICE + " : tensor<4xf32>", CUDA + " : (tensor<4xf32>) -> tensor<4xf32>")
    assert "cu_threefry" in text
    assert computes(text, platform) == ADDED


def refused(text: str | bytes, platform: str | None, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        computes(text, platform)


def test_a_bare_module_that_is_not_told_enough() -> None:
    unnamed = "the program was exported for 3 platforms that this file does not name"
    refused(
        bare(ADD, TWICE), None, f"m: {unnamed}, and what it computes depends on them; name them in jax.export's order"
    )
    refused(bare(ADD, TWICE), "cpu", f"m: {unnamed}, and what it computes depends on them")
    refused(bare(ADD, TWICE), "cuda", f"--platform: got cuda, and {unnamed}; say its index")
    refused(bare(ADD, TWICE), "3", f"--platform: got 3, and {unnamed}; want 0 to 2")
    refused(bare(ADD, TWICE), "cpu,cuda", f"--platform: got 2 platforms, and {unnamed}")
    refused(bare(ADD, TWICE), "cuda,rocm,tpu", "--platform: got cuda, rocm, tpu, and none is the cpu")


def test_words() -> None:
    assert plan_options({"platform": "cuda, cpu"}).platform == "cuda,cpu"
    for word in ("abacus", "-1", "", "cpu,cpu"):
        with pytest.raises(UserError, match=f"--platform: got '{word}', want a platform"):
            plan_options({"platform": word})


@pytest.mark.parametrize("platforms", [("cpu", "cuda"), ("tpu", "cpu"), ("cuda", "tpu", "cpu")])
def test_an_export_names_its_platforms(platforms: tuple[str, ...]) -> None:
    blob = export(platforms)
    assert computes(blob) == computes(blob, "cpu") == computes(blob, ",".join(platforms)) == ADDED
    if "cuda" in platforms:
        assert computes(blob, "cuda") == computes(blob, str(platforms.index("cuda"))) == SQUARED
    names = ", ".join(platforms)
    refused(blob, "rocm", f"--platform: got rocm, and the program was exported for {names}; want one of {names}")
    refused(blob, "5", f"--platform: got 5, and the program was exported for {names}; want 0 to {len(platforms) - 1}")
    refused(blob, "cpu,rocm", f"--platform: got cpu, rocm, and the program was exported for {names}")
    refused(export(("cuda",)), "cpu", "--platform: got cpu, and the program was exported for cuda; want one of cuda")


@pytest.mark.parametrize(
    ("platforms", "want"),
    [
        (("cpu", "cuda"), SQUARED),
        (("tpu", "cpu"), ADDED),
        (("cuda",), SQUARED),
        (("cpu",), ADDED),
        (("cuda", "tpu", "cpu"), SQUARED),
    ],
)
def test_a_program_for_gpus_is_taken_where_the_devices_are_gpus(platforms: tuple[str, ...], want: list[float]) -> None:
    for asked in (None, ",".join(platforms)):
        assert computes(export(platforms), asked, devices="cuda") == want
