"""The layers of real programs, every way to name a cut, and every way to name none."""

from pathlib import Path

import pytest
from jaxlib.mlir import ir

from compiler.cli.layers import layers_document, layers_of, layers_tables
from compiler.divided import Divided
from compiler.frontends.load import load_module
from compiler.options import PlanOptions, StageSpec
from compiler.prepare import find_roles, phased
from compiler.spec.cuts import cut_names, find_cuts, name_of, position
from compiler.spec.layers import Layers, numbered, read_layers
from dialects.context import make_context
from dialects.errors import UserError
from passes.stages.choose_stages import ChooseStages

MODULES = Path(__file__).parents[2] / "modules"
GPT = ["tokens#1", "positions", "layers.0", "layers.1", "norm", "tokens#2"]
LAYERS = {
    "gpt_small.mlirbc": GPT,
    "torch_transformer.mlirbc": ["tokens", "positions", "layers.0", "layers.1", "head.0", "head.1"],
    "nnx_transformer.mlirbc": ["tokens", "positions", "layers.0", "layers.1", "norm", "head"],
    "linen_resnet.mlirbc": ["Conv_0", "GroupNorm_0", "Block_0", "Block_1", "Block_2", "Dense_0"],
    "hf_gpt2.mlirbc": ["wte#1", "wpe", "h.0", "h.1", "ln_f", "wte#2"],
    "haiku_lstm.mlirbc": ["embed", "lstm.linear", "lstm_1", "linear"],
    "equinox_mixer.mlirbc": ["patches", "layers.0", "layers.1", "layers.2", "head"],
    "zoo/scan_layers.mlirbc": [
        "in",
        "layers.0",
        "layers.1",
        "layers.2",
        "layers.3",
        "out",
    ],  # slices of one stacked array
    "tiny/softmax.mlir": ["all"],
    "tiny/adam.mlir": [],
}


def phased_of(module: ir.Module, options: PlanOptions, widths: tuple[int, ...]) -> Divided:
    find_roles(module, options)
    return phased(module, options, widths)


@pytest.fixture(scope="module")
def gpt() -> Layers:
    with make_context() as context, ir.Location.unknown():
        module = load_module(str(MODULES / "gpt_small.mlirbc"), context).module
        return read_layers(phased_of(module, PlanOptions(microbatches=1), (1, 1)).module)


@pytest.mark.parametrize("module", LAYERS)
def test_layers(module: str) -> None:
    split = layers_of(str(MODULES / module), PlanOptions())
    assert [layer.name for layer in split.layers] == LAYERS[module]
    assert [layer.number for layer in split.layers] == list(range(len(split.layers)))
    ends = [layer.last for layer in split.layers]
    assert [layer.first for layer in split.layers] == [0, *(end + 1 for end in ends[:-1])][: len(ends)]


def test_keras_has_its_names_from_scopes() -> None:
    found = [layer.name for layer in layers_of(str(MODULES / "keras_cnn.mlirbc"), PlanOptions()).layers]
    assert found[:3] == ["conv2d", "separable_conv2d", "average_pooling2d"]


def test_numbers_of_layers(gpt: Layers) -> None:
    """The residual stream is all that crosses between layers; a layer's weights are its own."""
    crossing = {layer.crosses.num_bytes for layer in gpt.layers[:-1]}
    assert crossing == {gpt.layers[2].crosses.num_bytes}
    assert {layer.crosses.num_values for layer in gpt.layers[:-1]} == {1}
    blocks = gpt.layers[2:4]
    assert blocks[0].parameter_bytes == blocks[1].parameter_bytes
    assert blocks[0].flops == pytest.approx(blocks[1].flops, rel=0.01)
    assert min(block.flops for block in blocks) > 10 * gpt.layers[0].flops
    assert gpt.layers[0].parameter_bytes == gpt.layers[5].parameter_bytes  # tied


def test_a_microbatch_is_a_share_of_the_batch() -> None:
    whole, half = (layers_of(str(MODULES / "gpt_small.mlirbc"), PlanOptions(microbatches=m)) for m in (1, 2))
    assert [layer.name for layer in half.layers] == [layer.name for layer in whole.layers]
    assert [2 * a.crosses.num_bytes for a in half.layers] == [a.crosses.num_bytes for a in whole.layers]
    assert "2 microbatches of 8 rows" in str(layers_tables(half)[0])
    document = layers_document(half)
    assert [entry["name"] for entry in document["layers"]] == GPT
    assert document["layers"][2]["crossing_bytes"] == half.layers[2].crosses.num_bytes


def test_ways_to_say_it(gpt: Layers) -> None:
    end = gpt.layers[2].last
    assert {position(until, gpt) for until in ("layers.0", "2", f"#{end + 1}", name_of(end, gpt))} == {end}
    assert position("tokens#1", gpt) == gpt.layers[0].last < position("tokens", gpt)
    inside = position("layers.0.norm1", gpt)
    assert gpt.layers[2].first < inside < position("layers.0.norm2", gpt) < end
    name = "attention/dot_general bqhd,bkhd->bhqk"
    both = [at for at, op in enumerate(gpt.ops) if op.name == name]
    assert [position(until, gpt) for until in (f"{name}#1", f"{name}#2", name)] == [both[0], both[-1], both[-1]]
    line = gpt.ops[both[0]].location
    same = [at for at, op in enumerate(gpt.ops) if op.location == line]
    assert (position(line, gpt), position(f"{line}#1", gpt)) == (same[-1], same[0])
    assert (position(line.rpartition("/")[2], gpt), position(f"{line}#2", gpt)) == (same[-1], same[1])


@pytest.mark.parametrize(
    "module", [*LAYERS, "keras_cnn.mlirbc", "tensorflow_lstm.mlirbc", "hostile_names.mlir", "zoo/maml.mlirbc"]
)
def test_every_op_can_be_named(module: str) -> None:
    with make_context() as context, ir.Location.unknown():
        loaded = load_module(str(MODULES / module), context).module
        found = read_layers(phased_of(loaded, PlanOptions(microbatches=1), (1, 1)).module)
    names = [name_of(at, found) for at in range(len(found.ops))]
    assert [position(name, found) for name in names] == list(range(len(names)))
    assert all(name.isprintable() for name in names)


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (("layer.0",), "stage 0"),
        (
            ("layers.00",),
            "no layer, op or file:line of the forward part is called 'layers.00'; the closest are layers.0, layers.1",
        ),
        (
            ("x" * 900,),
            f"is called '{'x' * 60}…'; the closest are tokens#1, positions, layers.0; `compiler inspect MODULE --layers`",
        ),
        (("gpt.py:1",), "is called 'gpt.py:1'; the closest are "),
        (("6",), "got layer 6, and there are 6, numbered from 0; `compiler inspect MODULE --layers` lists them"),
        (("layers.0#2",), "no layer, op or file:line of the forward part is called 'layers.0#2'"),
        (
            ("attention/dot_general#99",),
            "got 'attention/dot_general#99', and there are 4 forward ops called 'attention/dot_general', ",
        ),
        (("#0",), "got '#0', and there are "),
        (("#100000000000000000000",), "got '#100000000000000000000', and there are "),
        (
            ("layers.1", "layers.0"),
            "stage 1: the cut 'layers.0' lies before 'layers.1', want cuts in the order of the forward part",
        ),
        (("layers.1", "3"), "stage 1: the cut '3' lies at the same place as 'layers.1', want cuts in the order"),
        (("layers.0", "5"), "stage 1: nothing of the forward part comes after '5', want an earlier cut"),
        (
            ("tokens",),
            "stage 0: nothing of the forward part comes after 'tokens', want an earlier cut; there is tokens#1 too",
        ),
    ],
)
def test_no_cut(until: tuple[str, ...], said: str) -> None:
    specs = [*(StageSpec(until=name) for name in until), StageSpec()]
    with make_context() as context, ir.Location.unknown():
        module = load_module(str(MODULES / "gpt_small.mlirbc"), context).module
        module = phased_of(module, PlanOptions(microbatches=1), (1, 1)).module
        with pytest.raises(UserError) as caught:
            find_cuts(specs, module)
    assert str(caught.value).startswith("--plan-spec, stage ")
    assert said in str(caught.value)


def test_a_program_without_a_forward_part() -> None:
    with make_context() as context, ir.Location.unknown():
        module = load_module(str(MODULES / "tiny/adam.mlir"), context).module
        module = phased_of(module, PlanOptions(microbatches=1), (1, 1)).module
        with pytest.raises(UserError, match=r"is called 'a'; `compiler inspect MODULE --layers` lists them"):
            find_cuts([StageSpec(until="a"), StageSpec()], module)


def test_cuts_have_the_names_that_find_them() -> None:
    with make_context() as context, ir.Location.unknown():
        module = load_module(str(MODULES / "gpt_small.mlirbc"), context).module
        module = phased_of(module, PlanOptions(microbatches=2), (1, 1, 1)).module
        specs = [StageSpec(until=name) for name in ("layers.0", "layer_norm/rsqrt#3")]
        cuts = find_cuts([*specs, StageSpec()], module)
        ChooseStages(cuts=cuts).run(module)
        assert cut_names(module) == ("layers.0", "layer_norm/rsqrt#3")


def test_a_fold_stays_with_what_it_folds() -> None:
    """A cut between an op and its sum over microbatches is the cut after the op, and a stage of such sums alone is none."""
    with make_context() as context, ir.Location.unknown():
        module = load_module(str(MODULES / "zoo/per_example_outputs.mlirbc"), context).module
        module = phased_of(module, PlanOptions(microbatches=8), (1, 1, 1)).module
        found = read_layers(module)
        folds = [at for at, works in enumerate(found.works) if not works]
        first, second = folds[:2]  # counted from 0, where '#1' is the first
        same = f"stage 1: the cut '#{first + 1}' lies at the same place as '#{first}', want cuts in the order"
        with pytest.raises(UserError, match=same):
            find_cuts([StageSpec(until=f"#{first}"), StageSpec(until=f"#{first + 1}"), StageSpec()], module)
        last = f"nothing of the forward part comes after '#{folds[-1]}', want an earlier cut"
        with pytest.raises(UserError, match=last):
            find_cuts([StageSpec(until=f"#{folds[-1]}"), StageSpec()], module)
        asked = [StageSpec(until=f"#{first + 1}"), StageSpec(until=f"#{second}"), StageSpec()]
        ChooseStages(cuts=find_cuts(asked, module)).run(module)
        assert [position(name, found) for name in cut_names(module)] == [first - 1, second - 1]


def test_names_that_come_again() -> None:
    assert numbered(["a", "b", "a"]) == ["a#1", "b", "a#2"]
