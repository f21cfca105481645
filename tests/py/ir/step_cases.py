"""Whole training steps written by hand: what an optimizer, a mask or a metric asks of the passes beyond single ops."""

from dataclasses import dataclass

from op_cases import Case, _sum, case

_FORWARD = """%h0 = h.dot_general %x, %w1, contracting_dims = [1] x [0] : ([8x4xf32], [4x6xf32]) -> [8x6xf32]
%h1 = h.tanh %h0 : [8x6xf32]
%y = h.dot_general %h1, %w2, contracting_dims = [1] x [0] : ([8x6xf32], [6x3xf32]) -> [8x3xf32]
%d = h.subtract %y, %t : [8x3xf32]
%q = h.multiply %d, %d : [8x3xf32]
"""
_BACKWARD = """%dw2 = h.dot_general %h1, %g, contracting_dims = [0] x [0] : ([8x6xf32], [8x3xf32]) -> [6x3xf32]
%dh = h.dot_general %g, %w2, contracting_dims = [1] x [1] : ([8x3xf32], [6x3xf32]) -> [8x6xf32]
%one = h.constant dense<1.0> : [8x6xf32]
%hh = h.multiply %h1, %h1 : [8x6xf32]
%hm = h.subtract %one, %hh : [8x6xf32]
%dz = h.multiply %dh, %hm : [8x6xf32]
%dw1 = h.dot_general %x, %dz, contracting_dims = [0] x [0] : ([8x4xf32], [8x6xf32]) -> [4x6xf32]
"""
_ARGUMENTS = "w1:4x6xf32 w2:6x3xf32 x:8x4xf32* t:8x3xf32*"


@dataclass(frozen=True)
class Step:
    """A case with its loss result and state pairs."""

    name: str
    text: str
    batch: tuple[int, ...]
    microbatches: int
    loss: int | None
    state: tuple[str, ...]


def _mean(of: str, count: float, name: str) -> str:
    return (
        _sum(of, "0, 1", "8x3xf32", "f32", name=f"{name}_sum")
        + f"%{name}_n = h.constant dense<{count}> : [f32]\n%{name} = h.divide %{name}_sum, %{name}_n : [f32]\n"
    )


def _scaled(by: str) -> str:
    return f"%gs = h.broadcast_in_dim %{by}, dims = [] : ([f32]) -> [8x3xf32]\n%g = h.multiply %d, %gs : [8x3xf32]\n"


def _descend(weight: str, gradient: str, kind: str, new: str) -> str:
    return f"%{new}_r = h.constant dense<0.1> : [{kind}]\n%{new}_s = h.multiply %{new}_r, %{gradient} : [{kind}]\n%{new} = h.subtract %{weight}, %{new}_s : [{kind}]\n"


def _adam(weight: str, gradient: str, kind: str, first: str, second: str, n: str) -> str:
    """Adam with bias correction by the step count %step1 (f32)."""
    return f"""%{n}a = h.constant dense<0.9> : [{kind}]
%{n}b = h.constant dense<0.1> : [{kind}]
%{n}c = h.constant dense<0.01> : [{kind}]
%{n}e = h.constant dense<1.0e-2> : [{kind}]
%{n}m0 = h.multiply %{first}, %{n}a : [{kind}]
%{n}m1 = h.multiply %{gradient}, %{n}b : [{kind}]
%{n}m = h.add %{n}m0, %{n}m1 : [{kind}]
%{n}v0 = h.multiply %{second}, %{n}a : [{kind}]
%{n}g2 = h.multiply %{gradient}, %{gradient} : [{kind}]
%{n}v1 = h.multiply %{n}g2, %{n}b : [{kind}]
%{n}v2 = h.add %{n}v0, %{n}v1 : [{kind}]
%{n}v = h.abs %{n}v2 : [{kind}]
%{n}k = h.broadcast_in_dim %correct, dims = [] : ([f32]) -> [{kind}]
%{n}mh = h.divide %{n}m, %{n}k : [{kind}]
%{n}s = h.sqrt %{n}v : [{kind}]
%{n}se = h.add %{n}s, %{n}e : [{kind}]
%{n}u = h.divide %{n}mh, %{n}se : [{kind}]
%{n}ul = h.multiply %{n}u, %{n}c : [{kind}]
%{n} = h.subtract %{weight}, %{n}ul : [{kind}]
"""


_STEP_COUNT = """%count1 = h.constant dense<1> : [i32]
%next = h.add %count, %count1 : [i32]
%step1 = h.convert %next : ([i32]) -> [f32]
%decay = h.constant dense<0.9> : [f32]
%pow = h.power %decay, %step1 : [f32]
%f1 = h.constant dense<1.0> : [f32]
%correct = h.subtract %f1, %pow : [f32]
"""


def _step(item: Case, loss: int | None, *state: str) -> Step:
    return Step(item.name, item.text, item.batch, item.microbatches, loss, state)


def _clip(kinds: dict[str, str]) -> str:
    """The global norm of gradients, and each of them scaled by it."""
    text = ""
    for name, kind in kinds.items():
        text += f"%{name}_q = h.multiply %{name}, %{name} : [{kind}]\n" + _sum(
            f"{name}_q", "0, 1", kind, "f32", name=f"{name}_n"
        )
    names = list(kinds)
    text += f"%norm2 = h.add %{names[0]}_n, %{names[1]}_n : [f32]\n%norm = h.sqrt %norm2 : [f32]\n%limit = h.constant dense<0.5> : [f32]\n%big = h.maximum %norm, %limit : [f32]\n%scale = h.divide %limit, %big : [f32]\n"
    for name, kind in kinds.items():
        text += f"%{name}_k = h.broadcast_in_dim %scale, dims = [] : ([f32]) -> [{kind}]\n%{name}c = h.multiply %{name}, %{name}_k : [{kind}]\n"
    return text


_GRADIENTS = "%sc = h.constant dense<0.0833333333> : [f32]\n" + _scaled("sc") + _BACKWARD
_MASKED = (
    """%mf = h.convert %mask : ([8xi1]) -> [8xf32]
%mb = h.broadcast_in_dim %mf, dims = [0] : ([8xf32]) -> [8x3xf32]
%qm = h.multiply %q, %mb : [8x3xf32]
"""
    + _sum("mf", "0", "8xf32", "f32", name="valid")
    + "%f1 = h.constant dense<1.0> : [f32]\n%some = h.maximum %valid, %f1 : [f32]\n"
    + _sum("qm", "0, 1", "8x3xf32", "f32", name="total")
    + """%loss = h.divide %total, %some : [f32]
%two = h.constant dense<2.0> : [f32]
%gf = h.divide %two, %some : [f32]
%gs = h.broadcast_in_dim %gf, dims = [] : ([f32]) -> [8x3xf32]
%gm = h.multiply %d, %gs : [8x3xf32]
%g = h.multiply %gm, %mb : [8x3xf32]
"""
)
_NEW = "n1:4x6xf32 n2:6x3xf32"
_SGD = _descend("w1", "dw1", "4x6xf32", "n1") + _descend("w2", "dw2", "6x3xf32", "n2")
_ADAM_ARGUMENTS = "w1:4x6xf32 w2:6x3xf32 m1:4x6xf32 v1:4x6xf32 m2:6x3xf32 v2:6x3xf32 count:i32 x:8x4xf32* t:8x3xf32*"
_ADAM_RESULTS = "n1:4x6xf32 n2:6x3xf32 n1m:4x6xf32 n1v:4x6xf32 n2m:6x3xf32 n2v:6x3xf32 next:i32 loss:f32"
_ADAM_STATE = tuple(f"{i}:{i}" for i in range(7))


def _accumulating() -> Step:
    """Gradients added up over steps, applied every fourth step (optax.MultiSteps)."""
    arguments = "w1:4x6xf32 w2:6x3xf32 a1:4x6xf32 a2:6x3xf32 count:i32 x:8x4xf32* t:8x3xf32*"
    body = (
        _FORWARD
        + _mean("q", 24.0, "loss")
        + _GRADIENTS
        + """%count1 = h.constant dense<1> : [i32]
%next0 = h.add %count, %count1 : [i32]
%four = h.constant dense<4> : [i32]
%next = h.remainder %next0, %four : [i32]
%zero = h.constant dense<0> : [i32]
%now = h.compare EQ, %next, %zero : ([i32], [i32]) -> [i1]
"""
    )
    for n, kind in (("1", "4x6xf32"), ("2", "6x3xf32")):
        body += f"%s{n} = h.add %a{n}, %dw{n} : [{kind}]\n%z{n} = h.constant dense<0.0> : [{kind}]\n" + _descend(
            f"w{n}", f"s{n}", kind, f"u{n}"
        )
        body += f"%n{n} = h.select %now, %u{n}, %w{n} : [i1], [{kind}]\n%b{n} = h.select %now, %z{n}, %s{n} : [i1], [{kind}]\n"
    results = "n1:4x6xf32 n2:6x3xf32 b1:4x6xf32 b2:6x3xf32 next:i32 loss:f32"
    return _step(
        case("accumulates_over_steps", "equal", arguments, body, results), 5, "0:0", "1:1", "2:2", "3:3", "4:4"
    )


def _if_finite() -> Step:
    """An update that is skipped by a branch when a gradient is not finite."""
    body = (
        _FORWARD
        + _mean("q", 24.0, "loss")
        + _GRADIENTS
        + """%fin1 = h.is_finite %dw1 : ([4x6xf32]) -> [4x6xi1]
"""
        + _sum("fin1", "0, 1", "4x6xi1", "i1", "i1", "and", "true", "ok")
        + _SGD.replace("%n1 ", "%k1 ").replace("%n2 ", "%k2 ")
    )
    body += """%r:2 = "stablehlo.if"(%ok) ({ h.return %k1, %k2 : [4x6xf32], [6x3xf32] }, { h.return %w1, %w2 : [4x6xf32], [6x3xf32] }) : ([i1]) -> ([4x6xf32], [6x3xf32])
"""
    return _step(
        case("skips_if_not_finite", "equal", _ARGUMENTS, body, "r#0:4x6xf32 r#1:6x3xf32 loss:f32"), 2, "0:0", "1:1"
    )


CASES = [
    _step(
        case(
            "sgd_mean", "equal", _ARGUMENTS, _FORWARD + _mean("q", 24.0, "loss") + _GRADIENTS + _SGD, f"{_NEW} loss:f32"
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "sgd_eight_microbatches",
            "equal",
            _ARGUMENTS,
            _FORWARD + _mean("q", 24.0, "loss") + _GRADIENTS + _SGD,
            f"{_NEW} loss:f32",
            8,
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "sgd_one_microbatch",
            "equal",
            _ARGUMENTS,
            _FORWARD + _mean("q", 24.0, "loss") + _GRADIENTS + _SGD,
            f"{_NEW} loss:f32",
            1,
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "sgd_loss_first",
            "equal",
            _ARGUMENTS,
            _FORWARD + _mean("q", 24.0, "loss") + _GRADIENTS + _SGD,
            f"loss:f32 {_NEW}",
        ),
        0,
        "0:1",
        "1:2",
    ),
    _step(
        case(
            "gradients_returned",
            "equal",
            _ARGUMENTS,
            _FORWARD + _mean("q", 24.0, "loss") + _GRADIENTS,
            "loss:f32 dw1:4x6xf32 dw2:6x3xf32",
        ),
        0,
    ),
    _step(
        case(
            "clipped",
            "equal",
            _ARGUMENTS,
            _FORWARD
            + _mean("q", 24.0, "loss")
            + _GRADIENTS
            + _clip({"dw1": "4x6xf32", "dw2": "6x3xf32"})
            + _SGD.replace("%dw1 ", "%dw1c ").replace("%dw2 ", "%dw2c "),
            f"{_NEW} loss:f32 norm:f32",
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "masked_mean",
            "equal",
            f"{_ARGUMENTS} mask:8xi1*",
            _FORWARD + _MASKED + _BACKWARD + _SGD,
            f"{_NEW} loss:f32",
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "masked_mean_two",
            "equal",
            f"{_ARGUMENTS} mask:8xi1*",
            _FORWARD + _MASKED + _BACKWARD + _SGD,
            f"{_NEW} loss:f32 valid:f32",
            2,
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "adam",
            "equal",
            _ADAM_ARGUMENTS,
            _FORWARD
            + _mean("q", 24.0, "loss")
            + _GRADIENTS
            + _STEP_COUNT
            + _adam("w1", "dw1", "4x6xf32", "m1", "v1", "n1")
            + _adam("w2", "dw2", "6x3xf32", "m2", "v2", "n2"),
            _ADAM_RESULTS,
        ),
        7,
        *_ADAM_STATE,
    ),
    _step(
        case(
            "metrics",
            "equal",
            _ARGUMENTS,
            _FORWARD
            + _mean("q", 24.0, "loss")
            + _GRADIENTS
            + _SGD
            + _sum("y", "0, 1", "8x3xf32", "f32", op="maximum", init="-9.0", name="highest")
            + _sum("h1", "0", "8x6xf32", "6xf32", name="activity")
            + "%double = h.add %loss, %loss : [f32]\n",
            f"{_NEW} loss:f32 highest:f32 activity:6xf32 double:f32 y:8x3xf32",
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "frozen_parameter",
            "equal",
            _ARGUMENTS,
            _FORWARD + _mean("q", 24.0, "loss") + _GRADIENTS + _SGD,
            "w1:4x6xf32 n2:6x3xf32 loss:f32",
        ),
        2,
        "0:0",
        "1:1",
    ),
    _step(
        case(
            "swapped_state",
            "equal",
            "w1:4x6xf32 w2:6x3xf32 o1:4x6xf32 x:8x4xf32* t:8x3xf32*",
            _FORWARD + _mean("q", 24.0, "loss") + _GRADIENTS + _SGD,
            "n1:4x6xf32 n2:6x3xf32 w1:4x6xf32 loss:f32",
        ),
        3,
        "0:0",
        "1:1",
        "2:2",
    ),
    _step(case("evaluation", "equal", _ARGUMENTS, _FORWARD + _mean("q", 24.0, "loss"), "loss:f32 y:8x3xf32"), 0),
    _step(case("inference", "equal", "w1:4x6xf32 w2:6x3xf32 x:8x4xf32* t:8x3xf32*", _FORWARD, "y:8x3xf32"), None),
    _accumulating(),
    _if_finite(),
]
