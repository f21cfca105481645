"""Roles found in real programs: tests/modules/NAME.json says what each argument and result is, as its author knows."""

import json
from pathlib import Path
from typing import Any

import pytest
from jaxlib.mlir import ir

from compiler.frontends.load import load_module
from dialects.context import make_context
from dialects.errors import UserError
from passes.analysis.roles.names import signature_of
from passes.analysis.roles.roles import Roles, Said, find_roles
from passes.normalize.normalize import Normalize

MODULES = Path(__file__).parents[2] / "modules"
CONTRACTS = sorted(MODULES.rglob("*.json"))
ASKED = ("graph_convolution",)  # two sizes of dim 0 that could both be the batch's
PLAIN = sorted(MODULES.glob("*.mlirbc"))  # state, then batch; new state in the same order, then the loss


def roles_of(path: Path) -> tuple[Roles, list[int]]:
    """The roles of a module file, and the ranks of its arguments."""
    with make_context() as context, ir.Location.unknown():
        module = load_module(str(path), context).module
        Normalize().run(module)
        ranks = [ir.RankedTensorType(kind).rank for kind in signature_of(module).argument_types]
        return find_roles(module, Said()), ranks


@pytest.fixture(autouse=True)
def no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """These files are not damaged; a process for each would take a minute."""
    monkeypatch.setattr("compiler.frontends.parse.probe", lambda *_: None)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda path: path.stem)
def test_zoo(contract: Path) -> None:
    want: dict[str, Any] = json.loads(contract.read_text())
    path = contract.with_suffix(".mlirbc")
    if contract.stem in ASKED:
        with pytest.raises(UserError, match="cannot tell which arguments are the batch, candidates are dim 0 = "):
            roles_of(path)
        return
    roles, ranks = roles_of(path)
    pairs = {(index, role.partner) for index, role in enumerate(roles.arguments) if role.partner is not None}
    assert pairs == {tuple(pair) for pair in want["state"]}
    # keys and scalars that are new in every step have no batch dimension: they are constants to the planner
    batch = {index for index, role in enumerate(roles.arguments) if role.role == "batch"}
    assert batch <= set(want["batch"])
    assert batch or not any(ranks[index] > 1 for index in want["batch"])
    losses = [index for index, role in enumerate(roles.results) if role.role == "loss"]
    assert losses == ([] if want["loss"] is None else [want["loss"]])


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_libraries(path: Path) -> None:
    roles, ranks = roles_of(path)
    batch = [index for index, role in enumerate(roles.arguments) if role.role == "batch"]
    state = [role.partner for role in roles.arguments if role.partner is not None]
    if path.stem == "vit_inference":
        assert (batch, state) == ([len(ranks) - 1], [])
        return
    if path.stem == "tensorflow_lstm":  # TensorFlow puts the function's own arguments before its variables
        assert batch == [0, 1]
        assert sorted(state) == list(range(1, len(ranks) - 2))  # one is the learning rate
        return
    assert batch == [len(ranks) - 2, len(ranks) - 1]
    assert state == list(range(len(ranks) - 2))
    assert [role.role for role in roles.results] == ["state"] * len(state) + ["loss"]


SAMPLER = """
func.func public @main(%x: tensor<12xf32> loc("x"), %data: tensor<16x12xf32> loc("data")) -> (tensor<12xf32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %a = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<12xf32>) -> tensor<16x12xf32>
  %d = stablehlo.subtract %a, %data : tensor<16x12xf32>
  %s = stablehlo.multiply %d, %d : tensor<16x12xf32>
  %loss = stablehlo.reduce(%s init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<16x12xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.reduce(%d init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<16x12xf32>, tensor<f32>) -> tensor<12xf32>
  %new = stablehlo.subtract %x, %g : tensor<12xf32>
  return %new, %loss : tensor<12xf32>, tensor<f32>
}
"""


def test_a_variable_called_x_that_the_batch_updates_is_state(tmp_path: Path) -> None:
    """Not donated and named like a batch, but of another size than the batch and given back updated by it."""
    (tmp_path / "sampler.mlir").write_text(SAMPLER)
    roles, _ = roles_of(tmp_path / "sampler.mlir")
    assert [(role.role, role.partner) for role in roles.arguments] == [("parameter", 0), ("batch", None)]
    assert [role.role for role in roles.results] == ["state", "loss"]
