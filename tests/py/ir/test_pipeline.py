"""The textual pipeline: what it reads, what it refuses, and that specs round-trip."""

import pytest
from jaxlib.mlir import ir

from compiler.pipeline.registry import PASSES, Native
from compiler.pipeline.run import Observer, run_item, run_pipeline
from compiler.pipeline.text import parse_pipeline
from dialects.context import make_context
from dialects.errors import Failure, UserError
from passes.base import Pass
from passes.normalize.normalize import Normalize

MODULE = "func.func @main(%x: tensor<f32>) -> tensor<f32> { return %x : tensor<f32> }"


def parse(text: str) -> tuple[str, ...]:
    with make_context():
        return tuple(item.spec() for item in parse_pipeline(text))


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("", ()),
        ("normalize", ("normalize",)),
        ("normalize , canonicalize", ("normalize", "canonicalize")),
        ("builtin.module(normalize,func.func(cse))", ("normalize", "func.func(cse)")),
        (
            "func.func(cse,canonicalize{max-iterations=3})",
            ("func.func(cse)", "func.func(canonicalize{max-iterations=3})"),
        ),
        ("assign-roles{loss=3 batch-args=5,6}", ("assign-roles{batch-args=5,6 loss=3}",)),
        ("assign-roles{batch-args=}", ("assign-roles{batch-args=}",)),
        ("any(cse)", ("any(cse)",)),
    ],
)
def test_reads(text: str, specs: tuple[str, ...]) -> None:
    assert parse(text) == specs
    assert parse(",".join(specs)) == specs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("normalise", "'normalise': no such pass; did you mean normalize"),
        ("zzz", "'zzz': no such pass; see compiler.opt --list-passes"),
        (",cse", "'': no such pass"),
        ("cse(", "a parenthesis or brace is not closed"),
        ("cse)", "column 4: ')' closes nothing"),
        ("cse{a}b", "got text after '}' or a wrong bracket"),
        ("stablehlo.while(cse)", "got the anchor 'stablehlo.while', want one of builtin.module, func.func, any"),
        ("func.func(normalize)", "pass normalize: runs on the whole module; write it outside of func.func(…)"),
        ("func.func(sdy-propagation-pipeline)", "runs on the whole module; write it outside of func.func(…)"),
        ("func.func(sdy-close-shardings)", "runs on the whole module; write it outside of func.func(…)"),
        ("chlo-legalize-to-stablehlo", "runs on functions; write func.func(chlo-legalize-to-stablehlo)"),
        ("assign-roles{los=3}", "unknown option 'los'; its options are: batch-args, loss, state-args"),
        ("assign-roles{loss}", "option 'loss' needs a value; write loss=VALUE"),
        ("assign-roles{loss=x}", "option 'loss': got 'x', want int"),
        ("assign-roles{loss=1e3}", "option 'loss': got '1e3', want int"),
        (
            "microbatch{microbatches=1" + "0" * 30 + "}",
            "option 'microbatches': got '1000000000000000000000000000000', want a number",
        ),
        ("microbatch{microbatches=1" + "0" * 5000 + "}", "', want int"),
        ("choose-stages{flops-per-s=nan}", "option 'flops-per-s': got 'nan', want a number that is finite"),
        ("choose-stages{flops-per-s=1e400}", "option 'flops-per-s': got '1e400', want a number that is finite"),
    ],
)
def test_refuses(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text)
    assert message in str(caught.value)


def test_bad_native_option() -> None:
    with (
        make_context() as context,
        ir.Location.unknown(),
        pytest.raises(UserError, match=r"pass cse\{nothing=1\}: no such option"),
    ):
        run_item(Native("cse{nothing=1}"), ir.Module.parse(MODULE, context))


def test_native_failure_is_located() -> None:
    with (
        make_context() as context,
        ir.Location.unknown(),
        pytest.raises(UserError, match="does not define a symbol table"),
    ):
        run_item(Native("any(symbol-dce)"), ir.Module.parse(MODULE, context))


class _Broken(Pass):
    name = "broken"

    def run(self, module: ir.Module) -> None:
        function = module.body.operations[0].operation
        function.attributes["function_type"] = ir.TypeAttr.get(ir.FunctionType.get([], []))


class _Raising(Pass):
    name = "raising"

    def run(self, module: ir.Module) -> None:
        raise KeyError("lost")


def test_invalid_result_is_a_failure() -> None:
    with (
        make_context() as context,
        ir.Location.unknown(),
        pytest.raises(Failure, match="pass broken left invalid IR: "),
    ):
        run_item(_Broken(), ir.Module.parse(MODULE, context))


def test_exception_crosses_intact_with_a_note() -> None:
    with make_context() as context, ir.Location.unknown(), pytest.raises(KeyError) as caught:
        run_item(_Raising(), ir.Module.parse(MODULE, context))
    assert caught.value.__notes__ == ["in pass raising"]


def test_observer_sees_each_pass(tmp_path: pytest.TempPathFactory) -> None:
    observer = Observer(tmp_path)
    with make_context() as context, ir.Location.unknown():
        run_pipeline(ir.Module.parse(MODULE, context), (Normalize(), Native("func.func(cse)")), observer)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "00-input.mlir",
        "01-normalize.mlir",
        "02-func.func_cse_.mlir",
    ]
    assert [name for name, _ in observer.times_s] == ["normalize", "func.func(cse)"]


def test_names_are_unique_and_say_the_same_as_class_and_file() -> None:
    assert len({kind.name for kind in PASSES}) == len(PASSES)
    for kind in PASSES:
        words = kind.name.split("-")
        assert kind.__name__ == "".join(word.capitalize() for word in words)
        assert kind.__module__.rpartition(".")[2] == "_".join(words)
        assert (kind.__doc__ or "").strip(), kind
