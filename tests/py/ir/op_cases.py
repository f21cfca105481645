"""One small program per way that the batch can run through a StableHLO op; ``*`` after an argument says that it is of the batch.

``equal``: folding the microbatch runs gives the whole-batch result. ``refused``: a UserError names the op.
The short hand: ``[8x4xf32]`` is ``tensor<8x4xf32>`` and ``h.add`` is ``stablehlo.add``.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A program, the positions of its batch arguments, and what should become of it."""

    name: str
    want: str
    text: str
    batch: tuple[int, ...]
    microbatches: int


def _types(text: str) -> str:
    return re.sub(r"\[((?:\d+x)*(?:f\d\w*|bf16|u?i\d+|complex<f\d\d>))\]", r"tensor<\1>", text).replace(
        "h.", "stablehlo."
    )


def case(name: str, want: str, arguments: str, body: str, results: str, microbatches: int = 4) -> Case:
    """``arguments``: ``x:8x4xf32* w:4xf32``; ``results``: ``y:8x4xf32``."""
    inputs = [item.split(":") for item in arguments.split()]
    signature = ", ".join(f"%{name}: tensor<{kind.rstrip('*')}>" for name, kind in inputs)
    outputs = [item.split(":") for item in results.split()]
    kinds = ", ".join(f"tensor<{kind}>" for _, kind in outputs)
    text = f"func.func @main({signature}) -> ({kinds}) {{\n{_types(body).strip()}\nreturn {', '.join(f'%{name}' for name, _ in outputs)} : {kinds}\n}}"
    return Case(name, want, text, tuple(i for i, (_, kind) in enumerate(inputs) if kind.endswith("*")), microbatches)


def computed(item: Case) -> Case | None:
    """The same with every float batch argument computed first, so that no op can fall back on the argument as a whole."""
    head, body = item.text.split("{\n", 1)
    made: list[str] = []
    for i, (name, kind) in enumerate(re.findall(r"%(\w+): (tensor<[^,)]*>)", head)):
        if i in item.batch and re.search(r"[x<](f\d+|bf16|complex<f\d+>)>", kind):
            made.append(f"%{name}__e = stablehlo.tanh %{name} : {kind}\n")
            body = re.sub(rf"%{name}\b", f"%{name}__e", body)
    return (
        Case(f"{item.name}~", "any", f"{head}{{\n{''.join(made)}{body}", item.batch, item.microbatches)
        if made
        else None
    )


def _sum(
    operand: str,
    dims: str,
    source: str,
    result: str,
    element: str = "f32",
    op: str = "add",
    init: str = "0.0",
    name: str = "s",
) -> str:
    """A reduction as text."""
    return (
        f"%{name}_init = h.constant dense<{init}> : [{element}]\n"
        f"%{name} = h.reduce(%{operand} init: %{name}_init) applies h.{op} across dimensions = [{dims}] : ([{source}], [{element}]) -> [{result}]\n"
    )


def _unary() -> list[Case]:
    found: list[Case] = []
    floats = "abs cbrt ceil cosine exponential exponential_minus_one floor log log_plus_one logistic negate round_nearest_afz round_nearest_even rsqrt sign sine sqrt tan tanh optimization_barrier"
    for op in floats.split():
        kind = "[8x4xf32]"
        found.append(case(f"{op}", "equal", "x:8x4xf32*", f"%y = h.{op} %x : {kind}", "y:8x4xf32"))
    for op in "abs negate sign not popcnt count_leading_zeros".split():
        found.append(case(f"{op}_i32", "equal", "x:8x4xi32*", f"%y = h.{op} %x : [8x4xi32]", "y:8x4xi32"))
    found.append(case("not_i1", "equal", "x:8xi1*", "%y = h.not %x : [8xi1]", "y:8xi1"))
    found.append(case("is_finite", "equal", "x:8x4xf32*", "%y = h.is_finite %x : ([8x4xf32]) -> [8x4xi1]", "y:8x4xi1"))
    for op in ("real", "imag", "abs"):
        found.append(
            case(
                f"{op}_complex",
                "equal",
                "x:8xcomplex<f32>*",
                f"%y = h.{op} %x : ([8xcomplex<f32>]) -> [8xf32]",
                "y:8xf32",
            )
        )
    found.append(
        case("complex", "equal", "x:8xf32* z:8xf32*", "%y = h.complex %x, %z : [8xcomplex<f32>]", "y:8xcomplex<f32>")
    )
    found.append(
        case("reduce_precision", "equal", "x:8xf32*", "%y = h.reduce_precision %x, format = e5m10 : [8xf32]", "y:8xf32")
    )
    for target in ("bf16", "f16", "f64", "f8E4M3FN", "f8E5M2", "i32", "i1", "ui8", "complex<f32>"):
        found.append(
            case(
                f"convert_{target}",
                "equal",
                "x:8xf32*",
                f"%y = h.convert %x : ([8xf32]) -> [8x{target}]",
                f"y:8x{target}",
            )
        )
    return found


def _binary() -> list[Case]:
    found: list[Case] = []
    for op in "add atan2 divide maximum minimum multiply power remainder subtract".split():
        found.append(case(op, "equal", "x:8x4xf32* z:8x4xf32*", f"%y = h.{op} %x, %z : [8x4xf32]", "y:8x4xf32"))
        found.append(
            case(f"{op}_whole", "equal", "x:8x4xf32* z:8x4xf32", f"%y = h.{op} %z, %x : [8x4xf32]", "y:8x4xf32")
        )
    for op in (
        "add and or xor multiply subtract maximum minimum shift_left shift_right_arithmetic shift_right_logical".split()
    ):
        found.append(case(f"{op}_i32", "equal", "x:8xi32* z:8xi32*", f"%y = h.{op} %x, %z : [8xi32]", "y:8xi32"))
    for op in "and or xor".split():
        found.append(case(f"{op}_i1", "equal", "x:8xi1* z:8xi1*", f"%y = h.{op} %x, %z : [8xi1]", "y:8xi1"))
    for op in "add multiply subtract divide power".split():
        kind = "8xcomplex<f32>"
        found.append(
            case(f"{op}_complex", "equal", f"x:{kind}* z:{kind}*", f"%y = h.{op} %x, %z : [{kind}]", f"y:{kind}")
        )
    for direction in "EQ NE LT LE GT GE".split():
        found.append(
            case(
                f"compare_{direction}",
                "equal",
                "x:8xf32* z:8xf32*",
                f"%y = h.compare {direction}, %x, %z, FLOAT : ([8xf32], [8xf32]) -> [8xi1]",
                "y:8xi1",
            )
        )
    found += [
        case("clamp_tensor", "equal", "a:8xf32* x:8xf32* b:8xf32", "%y = h.clamp %a, %x, %b : [8xf32]", "y:8xf32"),
        case(
            "clamp_scalar",
            "equal",
            "a:f32 x:8xf32* b:f32",
            "%y = h.clamp %a, %x, %b : ([f32], [8xf32], [f32]) -> [8xf32]",
            "y:8xf32",
        ),
        case(
            "clamp_scalar_of_batch",
            "equal",
            "x:8xf32* b:f32",
            _sum("x", "0", "8xf32", "f32", op="minimum", init="9.0")
            + "%y = h.clamp %s, %x, %b : ([f32], [8xf32], [f32]) -> [8xf32]",
            "y:8xf32",
        ),
        case("select", "equal", "p:8xi1* x:8xf32* z:8xf32", "%y = h.select %p, %x, %z : [8xi1], [8xf32]", "y:8xf32"),
        case(
            "select_whole_scalar",
            "equal",
            "p:i1 x:8xf32* z:8xf32*",
            "%y = h.select %p, %x, %z : [i1], [8xf32]",
            "y:8xf32",
        ),
        case(
            "select_scalar_of_batch",
            "equal",
            "p:8xi1* x:8xf32* z:8xf32*",
            _sum("p", "0", "8xi1", "i1", "i1", "or", "false") + "%y = h.select %s, %x, %z : [i1], [8xf32]",
            "y:8xf32",
        ),
    ]
    return found


def _shapes() -> list[Case]:
    x = "x:8x4xf32*"
    return [
        case(
            "constant_splat",
            "equal",
            "x:8xf32*",
            "%c = h.constant dense<2.0> : [8xf32]\n%y = h.add %x, %c : [8xf32]",
            "y:8xf32",
        ),
        case(
            "constant_rows",
            "equal",
            "x:8xf32*",
            "%c = h.constant dense<[0.,1.,2.,3.,4.,5.,6.,7.]> : [8xf32]\n%y = h.add %x, %c : [8xf32]",
            "y:8xf32",
        ),
        case(
            "constant_complex",
            "equal",
            "x:4xcomplex<f32>*",
            "%c = h.constant dense<[(0.,1.),(1.,2.),(2.,3.),(3.,5.)]> : [4xcomplex<f32>]\n%y = h.add %x, %c : [4xcomplex<f32>]",
            "y:4xcomplex<f32>",
        ),
        case(
            "constant_i1_rows",
            "equal",
            "x:4xi1*",
            "%c = h.constant dense<[true,false,false,true]> : [4xi1]\n%y = h.and %x, %c : [4xi1]",
            "y:4xi1",
        ),
        case(
            "iota_on_batch", "equal", x, "%c = h.iota dim = 0 : [8x4xf32]\n%y = h.add %x, %c : [8x4xf32]", "y:8x4xf32"
        ),
        case(
            "iota_off_batch", "equal", x, "%c = h.iota dim = 1 : [8x4xf32]\n%y = h.add %x, %c : [8x4xf32]", "y:8x4xf32"
        ),
        case(
            "broadcast_keeps",
            "equal",
            "x:8xf32*",
            "%y = h.broadcast_in_dim %x, dims = [0] : ([8xf32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "broadcast_moves",
            "equal",
            "x:8xf32*",
            "%y = h.broadcast_in_dim %x, dims = [1] : ([8xf32]) -> [4x8xf32]",
            "y:4x8xf32",
        ),
        case(
            "broadcast_swaps",
            "equal",
            "x:8x4xf32*",
            "%y = h.broadcast_in_dim %x, dims = [2, 0] : ([8x4xf32]) -> [4x3x8xf32]",
            "y:4x3x8xf32",
        ),
        case(
            "broadcast_grows_one",
            "equal",
            "x:8x1xf32*",
            "%y = h.broadcast_in_dim %x, dims = [0, 1] : ([8x1xf32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "broadcast_whole_to_batch",
            "equal",
            "x:8x4xf32* w:4xf32",
            "%c = h.broadcast_in_dim %w, dims = [1] : ([4xf32]) -> [8x4xf32]\n%y = h.add %x, %c : [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "broadcast_to_other_rows",
            "refused",
            "x:8xf32*",
            "%a = h.broadcast_in_dim %x, dims = [0] : ([8xf32]) -> [8x8xf32]\n%b = h.broadcast_in_dim %x, dims = [1] : ([8xf32]) -> [8x8xf32]\n%c = h.tanh %a : [8x8xf32]\n%d = h.tanh %b : [8x8xf32]\n%y = h.add %c, %d : [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "pairs_of_rows",
            "equal",
            "x:8xf32*",
            "%a = h.broadcast_in_dim %x, dims = [0] : ([8xf32]) -> [8x8xf32]\n%b = h.broadcast_in_dim %x, dims = [1] : ([8xf32]) -> [8x8xf32]\n%y = h.add %a, %b : [8x8xf32]",
            "y:8x8xf32",
        ),
        case("reshape_merge_major", "equal", x, "%y = h.reshape %x : ([8x4xf32]) -> [32xf32]", "y:32xf32"),
        case(
            "reshape_merge_minor",
            "refused",
            x,
            "%t = h.transpose %x, dims = [1, 0] : ([8x4xf32]) -> [4x8xf32]\n%y = h.reshape %t : ([4x8xf32]) -> [32xf32]",
            "y:32xf32",
        ),
        case(
            "reshape_merge_minor_sum",
            "equal",
            x,
            "%t = h.transpose %x, dims = [1, 0] : ([8x4xf32]) -> [4x8xf32]\n%r = h.reshape %t : ([4x8xf32]) -> [32xf32]\n%e = h.tanh %r : [32xf32]\n"
            + _sum("e", "0", "32xf32", "f32"),
            "s:f32",
        ),
        case(
            "reshape_merge_minor_back",
            "equal",
            x,
            "%t = h.transpose %x, dims = [1, 0] : ([8x4xf32]) -> [4x8xf32]\n%r = h.reshape %t : ([4x8xf32]) -> [32xf32]\n%e = h.tanh %r : [32xf32]\n%y = h.reshape %e : ([32xf32]) -> [4x8xf32]",
            "y:4x8xf32",
        ),
        case(
            "reshape_merge_minor_iota",
            "equal",
            x,
            "%t = h.transpose %x, dims = [1, 0] : ([8x4xf32]) -> [4x8xf32]\n%r = h.reshape %t : ([4x8xf32]) -> [32xf32]\n%i = h.iota dim = 0 : [32xf32]\n%e = h.multiply %r, %i : [32xf32]\n"
            + _sum("e", "0", "32xf32", "f32"),
            "s:f32",
        ),
        case("reshape_split_major", "equal", x, "%y = h.reshape %x : ([8x4xf32]) -> [4x2x4xf32]", "y:4x2x4xf32"),
        case("reshape_split_coarser", "equal", x, "%y = h.reshape %x : ([8x4xf32]) -> [2x4x4xf32]", "y:2x4x4xf32"),
        case("reshape_split_fitting", "equal", x, "%y = h.reshape %x : ([8x4xf32]) -> [2x4x4xf32]", "y:2x4x4xf32", 2),
        case("reshape_regroups", "equal", x, "%y = h.reshape %x : ([8x4xf32]) -> [4x8xf32]", "y:4x8xf32"),
        case("reshape_one_row", "equal", x, "%y = h.reshape %x : ([8x4xf32]) -> [1x8x4xf32]", "y:1x8x4xf32"),
        case("reshape_all_rows", "equal", "x:8x1xf32*", "%y = h.reshape %x : ([8x1xf32]) -> [8xf32]", "y:8xf32", 8),
        case("transpose", "equal", x, "%y = h.transpose %x, dims = [1, 0] : ([8x4xf32]) -> [4x8xf32]", "y:4x8xf32"),
        case("reverse_off_batch", "equal", x, "%y = h.reverse %x, dims = [1] : [8x4xf32]", "y:8x4xf32"),
        case("reverse_on_batch", "equal", x, "%y = h.reverse %x, dims = [0] : [8x4xf32]", "y:8x4xf32"),
        case(
            "reverse_on_batch_computed",
            "refused",
            x,
            "%e = h.tanh %x : [8x4xf32]\n%y = h.reverse %e, dims = [0] : [8x4xf32]\n%z = h.add %y, %x : [8x4xf32]",
            "z:8x4xf32 e:8x4xf32",
        ),
        case(
            "concatenate_off_batch",
            "equal",
            "x:8x4xf32* z:8x2xf32* w:8x1xf32",
            "%y = h.concatenate %x, %z, %w, dim = 1 : ([8x4xf32], [8x2xf32], [8x1xf32]) -> [8x7xf32]",
            "y:8x7xf32",
        ),
        case(
            "concatenate_on_batch",
            "equal",
            "x:8x4xf32* z:8x4xf32*",
            "%y = h.concatenate %x, %z, dim = 0 : ([8x4xf32], [8x4xf32]) -> [16x4xf32]",
            "y:16x4xf32",
        ),
        case(
            "concatenate_on_batch_computed",
            "refused",
            "x:8x4xf32* z:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n%y = h.concatenate %e, %z, dim = 0 : ([8x4xf32], [8x4xf32]) -> [16x4xf32]\n%r = h.sine %y : [16x4xf32]",
            "r:16x4xf32 e:8x4xf32",
        ),
        case("concatenate_one", "equal", x, "%y = h.concatenate %x, dim = 0 : ([8x4xf32]) -> [8x4xf32]", "y:8x4xf32"),
        case("slice_off_batch", "equal", x, "%y = h.slice %x [0:8, 1:3] : ([8x4xf32]) -> [8x2xf32]", "y:8x2xf32"),
        case(
            "slice_off_batch_stride", "equal", x, "%y = h.slice %x [0:8, 0:4:2] : ([8x4xf32]) -> [8x2xf32]", "y:8x2xf32"
        ),
        case("slice_on_batch", "equal", x, "%y = h.slice %x [2:6, 0:4] : ([8x4xf32]) -> [4x4xf32]", "y:4x4xf32"),
        case(
            "slice_on_batch_stride", "equal", x, "%y = h.slice %x [0:8:2, 0:4] : ([8x4xf32]) -> [4x4xf32]", "y:4x4xf32"
        ),
        case(
            "slice_on_batch_computed",
            "refused",
            x,
            "%e = h.tanh %x : [8x4xf32]\n%y = h.slice %e [2:6, 0:4] : ([8x4xf32]) -> [4x4xf32]",
            "y:4x4xf32 e:8x4xf32",
        ),
        case(
            "slice_on_batch_computed_alone",
            "refused",
            x,
            "%e = h.tanh %x : [8x4xf32]\n%y = h.slice %e [2:6, 0:4] : ([8x4xf32]) -> [4x4xf32]",
            "y:4x4xf32",
        ),
        case(
            "slice_of_merged",
            "equal",
            x,
            "%t = h.transpose %x, dims = [1, 0] : ([8x4xf32]) -> [4x8xf32]\n%y = h.slice %t [1:3, 0:8] : ([4x8xf32]) -> [2x8xf32]",
            "y:2x8xf32",
        ),
        case(
            "slice_first_rows_all",
            "equal",
            "x:8x8xf32*",
            "%y = h.slice %x [0:8, 0:2] : ([8x8xf32]) -> [8x2xf32]",
            "y:8x2xf32",
        ),
        case(
            "dynamic_slice_off_batch",
            "equal",
            "x:8x4xf32* i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_slice %x, %z, %i, sizes = [8, 2] : ([8x4xf32], [i32], [i32]) -> [8x2xf32]",
            "y:8x2xf32",
        ),
        case(
            "dynamic_slice_all_rows_from_i",
            "equal",
            "x:8x4xf32* i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_slice %x, %i, %z, sizes = [8, 2] : ([8x4xf32], [i32], [i32]) -> [8x2xf32]",
            "y:8x2xf32",
        ),
        case(
            "dynamic_slice_on_batch",
            "equal",
            "x:8x4xf32* i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_slice %x, %i, %z, sizes = [2, 4] : ([8x4xf32], [i32], [i32]) -> [2x4xf32]",
            "y:2x4xf32",
        ),
        case(
            "dynamic_slice_index_of_batch",
            "equal",
            "k:8xi32* w:16x4xf32",
            _sum("k", "0", "8xi32", "i32", "i32", "maximum", "0")
            + "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_slice %w, %s, %z, sizes = [2, 4] : ([16x4xf32], [i32], [i32]) -> [2x4xf32]",
            "y:2x4xf32",
        ),
        case(
            "dynamic_slice_whole",
            "equal",
            "x:8x4xf32* w:16x4xf32 i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_slice %w, %i, %z, sizes = [8, 4] : ([16x4xf32], [i32], [i32]) -> [8x4xf32]\n%r = h.add %x, %y : [8x4xf32]",
            "r:8x4xf32",
        ),
        case(
            "dynamic_update_slice_off_batch",
            "equal",
            "x:8x4xf32* u:8x2xf32* i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_update_slice %x, %u, %z, %i : ([8x4xf32], [8x2xf32], [i32], [i32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "dynamic_update_slice_into_whole",
            "equal",
            "w:8x4xf32 u:8x2xf32* i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_update_slice %w, %u, %z, %i : ([8x4xf32], [8x2xf32], [i32], [i32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "dynamic_update_slice_whole_update",
            "equal",
            "x:8x4xf32* u:8x2xf32 i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_update_slice %x, %u, %z, %i : ([8x4xf32], [8x2xf32], [i32], [i32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "dynamic_update_slice_on_batch",
            "equal",
            "x:8x4xf32* u:2x4xf32 i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_update_slice %x, %u, %i, %z : ([8x4xf32], [2x4xf32], [i32], [i32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "dynamic_update_slice_into_cache",
            "equal",
            "w:16x4xf32 u:8x4xf32* i:i32",
            "%z = h.constant dense<0> : [i32]\n%y = h.dynamic_update_slice %w, %u, %i, %z : ([16x4xf32], [8x4xf32], [i32], [i32]) -> [16x4xf32]",
            "y:16x4xf32",
        ),
        case(
            "dynamic_update_slice_into_cache_computed",
            "refused",
            "w:16x4xf32 u:8x4xf32* i:i32",
            "%e = h.tanh %u : [8x4xf32]\n%z = h.constant dense<0> : [i32]\n%y = h.dynamic_update_slice %w, %e, %i, %z : ([16x4xf32], [8x4xf32], [i32], [i32]) -> [16x4xf32]",
            "y:16x4xf32 e:8x4xf32",
        ),
        case(
            "pad_off_batch",
            "equal",
            "x:8x4xf32* p:f32",
            "%y = h.pad %x, %p, low = [0, 1], high = [0, 2], interior = [0, 1] : ([8x4xf32], [f32]) -> [8x10xf32]",
            "y:8x10xf32",
        ),
        case(
            "pad_negative_off_batch",
            "equal",
            "x:8x4xf32* p:f32",
            "%y = h.pad %x, %p, low = [0, -1], high = [0, 0], interior = [0, 0] : ([8x4xf32], [f32]) -> [8x3xf32]",
            "y:8x3xf32",
        ),
        case(
            "pad_low_on_batch",
            "equal",
            "x:8x4xf32* p:f32",
            "%y = h.pad %x, %p, low = [1, 0], high = [0, 0], interior = [0, 0] : ([8x4xf32], [f32]) -> [9x4xf32]",
            "y:9x4xf32",
        ),
        case(
            "pad_interior_on_batch",
            "equal",
            "x:8x4xf32* p:f32",
            "%y = h.pad %x, %p, low = [0, 0], high = [1, 0], interior = [1, 0] : ([8x4xf32], [f32]) -> [16x4xf32]",
            "y:16x4xf32",
        ),
        case(
            "pad_shift_on_batch",
            "equal",
            "x:8x4xf32* p:f32",
            "%y = h.pad %x, %p, low = [1, 0], high = [-1, 0], interior = [0, 0] : ([8x4xf32], [f32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "pad_shift_on_batch_computed",
            "refused",
            "x:8x4xf32* p:f32",
            "%e = h.tanh %x : [8x4xf32]\n%y = h.pad %e, %p, low = [1, 0], high = [-1, 0], interior = [0, 0] : ([8x4xf32], [f32]) -> [8x4xf32]",
            "y:8x4xf32 e:8x4xf32",
        ),
        case(
            "pad_value_of_batch",
            "equal",
            "x:8xf32* w:8x4xf32",
            _sum("x", "0", "8xf32", "f32")
            + "%y = h.pad %w, %s, low = [0, 1], high = [0, 0], interior = [0, 0] : ([8x4xf32], [f32]) -> [8x5xf32]",
            "y:8x5xf32",
        ),
        case(
            "bitcast_same", "equal", "x:8x4xf32*", "%y = h.bitcast_convert %x : ([8x4xf32]) -> [8x4xi32]", "y:8x4xi32"
        ),
        case(
            "bitcast_grows",
            "equal",
            "x:8x4xf32*",
            "%y = h.bitcast_convert %x : ([8x4xf32]) -> [8x4x4xi8]",
            "y:8x4x4xi8",
        ),
        case("bitcast_shrinks", "equal", "x:8x4xi8*", "%y = h.bitcast_convert %x : ([8x4xi8]) -> [8xi32]", "y:8xi32"),
        case("bitcast_shrinks_batch", "equal", "x:4xi8*", "%y = h.bitcast_convert %x : ([4xi8]) -> [i32]", "y:i32"),
        case("returned_argument", "equal", "x:8x4xf32* w:4xf32", "", "x:8x4xf32 w:4xf32"),
        case("returned_twice", "equal", "x:8x4xf32*", "%y = h.tanh %x : [8x4xf32]", "y:8x4xf32 y:8x4xf32"),
        case("returned_sum_twice", "equal", "x:8xf32*", _sum("x", "0", "8xf32", "f32"), "s:f32 s:f32"),
        case(
            "returned_constant",
            "equal",
            "x:8xf32*",
            "%c = h.constant dense<1.0> : [8xf32]\n%y = h.add %x, %c : [8xf32]",
            "c:8xf32 y:8xf32",
        ),
        case("nothing_of_the_batch", "equal", "x:8xf32* w:4xf32", "%y = h.tanh %w : [4xf32]", "y:4xf32"),
        case(
            "empty_tensor",
            "equal",
            "x:8x0xf32*",
            "%y = h.tanh %x : [8x0xf32]\n" + _sum("y", "1", "8x0xf32", "8xf32", init="1.0"),
            "y:8x0xf32 s:8xf32",
        ),
    ]


def _reductions() -> list[Case]:
    found: list[Case] = []
    floats = (
        ("add", "0.0"),
        ("add", "1.5"),
        ("maximum", "0.25"),
        ("minimum", "0.25"),
        ("multiply", "1.0"),
        ("multiply", "2.0"),
    )
    for element in ("f32", "bf16", "f16", "f64"):
        for op, init in floats:
            found.append(
                case(
                    f"reduce_{op}_{init}_{element}",
                    "equal",
                    f"x:8x3x{element}*",
                    _sum("x", "0", f"8x3x{element}", f"3x{element}", element, op, init),
                    f"s:3x{element}",
                )
            )
    for element in ("f8E4M3FN", "f8E5M2", "f8E4M3", "f8E3M4", "f8E5M2FNUZ", "f8E4M3FNUZ", "f8E4M3B11FNUZ"):
        for op in ("maximum", "minimum"):
            found.append(
                case(
                    f"reduce_{op}_{element}",
                    "equal",
                    f"x:8x3x{element}*",
                    _sum("x", "0", f"8x3x{element}", f"3x{element}", element, op, "1.0" if op == "minimum" else "-1.0"),
                    f"s:3x{element}",
                )
            )
    for element in ("i8", "i32", "ui8", "ui32", "i64"):
        for op, init in (
            ("add", "1"),
            ("maximum", "0"),
            ("minimum", "5"),
            ("multiply", "1"),
            ("and", "3"),
            ("or", "4"),
        ):
            found.append(
                case(
                    f"reduce_{op}_{element}",
                    "equal",
                    f"x:8x{element}*",
                    _sum("x", "0", f"8x{element}", element, element, op, init),
                    f"s:{element}",
                )
            )
    for op, init in (
        ("and", "true"),
        ("or", "false"),
        ("add", "false"),
        ("multiply", "true"),
        ("maximum", "false"),
        ("minimum", "true"),
    ):
        found.append(case(f"reduce_{op}_i1", "equal", "x:8xi1*", _sum("x", "0", "8xi1", "i1", "i1", op, init), "s:i1"))
    found.append(case("reduce_xor", "equal", "x:8xi32*", _sum("x", "0", "8xi32", "i32", "i32", "xor", "0"), "s:i32"))
    complex_ = "8xcomplex<f32>"
    for op, init in (("add", "(1.0, 2.0)"), ("multiply", "(1.0, 0.0)")):
        found.append(
            case(
                f"reduce_{op}_complex",
                "equal",
                f"x:{complex_}*",
                _sum("x", "0", complex_, "complex<f32>", "complex<f32>", op, init),
                "s:complex<f32>",
            )
        )
    found += [
        case("reduce_off_batch", "equal", "x:8x3xf32*", _sum("x", "1", "8x3xf32", "8xf32", init="2.0"), "s:8xf32"),
        case("reduce_all", "equal", "x:8x3xf32*", _sum("x", "0, 1", "8x3xf32", "f32", init="2.0"), "s:f32"),
        case(
            "reduce_init_argument",
            "equal",
            "x:8x3xf32* i:f32",
            "%s = h.reduce(%x init: %i) applies h.add across dimensions = [0] : ([8x3xf32], [f32]) -> [3xf32]",
            "s:3xf32",
        ),
        case(
            "reduce_init_of_batch",
            "equal",
            "x:8x3xf32* z:8xf32*",
            _sum("z", "0", "8xf32", "f32", name="i")
            + "%s = h.reduce(%x init: %i) applies h.add across dimensions = [0] : ([8x3xf32], [f32]) -> [3xf32]",
            "s:3xf32",
        ),
        case(
            "reduce_init_of_batch_off_batch",
            "equal",
            "x:8x3xf32* z:8xf32*",
            _sum("z", "0", "8xf32", "f32", op="maximum", init="-9.0", name="i")
            + "%s = h.reduce(%x init: %i) applies h.add across dimensions = [1] : ([8x3xf32], [f32]) -> [8xf32]",
            "s:8xf32",
        ),
        case(
            "mean_then_deviation",
            "refused",
            "x:8x3xf32*",
            "%e = h.tanh %x : [8x3xf32]\n"
            + _sum("e", "0", "8x3xf32", "3xf32")
            + "%b = h.broadcast_in_dim %s, dims = [1] : ([3xf32]) -> [8x3xf32]\n%y = h.subtract %e, %b : [8x3xf32]",
            "y:8x3xf32",
        ),
        case(
            "mask_count",
            "equal",
            "x:8x3xf32* m:8xi1*",
            "%f = h.convert %m : ([8xi1]) -> [8xf32]\n"
            + _sum("f", "0", "8xf32", "f32")
            + "%b = h.broadcast_in_dim %s, dims = [] : ([f32]) -> [8x3xf32]\n%y = h.divide %x, %b : [8x3xf32]",
            "y:8x3xf32",
        ),
        case("reduce_argmax_on_batch", "equal", "x:8xf32*", _ARGMAX.format(dims="0", many="8", one=""), "y:i32"),
        case(
            "reduce_argmax_on_batch_computed",
            "refused",
            "x:8xf32*",
            "%e = h.tanh %x : [8xf32]\n" + _ARGMAX.replace("%x", "%e").format(dims="0", many="8", one=""),
            "y:i32 e:8xf32",
        ),
        case(
            "reduce_argmax_off_batch",
            "equal",
            "x:8x4xf32*",
            _ARGMAX.format(dims="1", many="8x4", one="8x").replace("iota dim = 0", "iota dim = 1"),
            "y:8xi32",
        ),
        case(
            "reduce_not_a_fold",
            "equal",
            "x:8xf32* i:f32",
            """%y = h.reduce(%x init: %i) across dimensions = [0] : ([8xf32], [f32]) -> [f32]
          reducer(%a: [f32], %b: [f32]) { %t = h.tanh %a : [f32]
            %u = h.add %t, %b : [f32]
            h.return %u : [f32] }""",
            "y:f32",
        ),
        case(
            "reduce_double",
            "equal",
            "x:8xf32* i:f32",
            """%y = h.reduce(%x init: %i) across dimensions = [0] : ([8xf32], [f32]) -> [f32]
          reducer(%a: [f32], %b: [f32]) { %u = h.add %b, %b : [f32]
            h.return %u : [f32] }""",
            "y:f32",
        ),
        case(
            "reduce_swapped",
            "equal",
            "x:8xf32* i:f32",
            """%y = h.reduce(%x init: %i) across dimensions = [0] : ([8xf32], [f32]) -> [f32]
          reducer(%a: [f32], %b: [f32]) { %u = h.add %b, %a : [f32]
            h.return %u : [f32] }""",
            "y:f32",
        ),
        case(
            "reduce_captures_batch",
            "equal",
            "x:8xf32* z:8xf32* i:f32",
            _sum("z", "0", "8xf32", "f32")
            + """%y = h.reduce(%x init: %i) across dimensions = [0] : ([8xf32], [f32]) -> [f32]
          reducer(%a: [f32], %b: [f32]) { %u = h.maximum %b, %a : [f32]
            %v = h.maximum %u, %s : [f32]
            h.return %v : [f32] }""",
            "y:f32",
        ),
        case(
            "window_off_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "8x3", "1, 2", "1, 1", "[[0, 0], [0, 0]]"),
            "y:8x3xf32",
        ),
        case(
            "window_cumulative_off_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "8x4", "1, 4", "1, 1", "[[0, 0], [3, 0]]"),
            "y:8x4xf32",
        ),
        case(
            "window_on_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "7x4", "2, 1", "1, 1", "[[0, 0], [0, 0]]"),
            "y:7x4xf32",
        ),
        case(
            "window_tiles_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "4x4", "2, 1", "2, 1", "[[0, 0], [0, 0]]"),
            "y:4x4xf32",
        ),
        case(
            "window_cumulative_on_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "8x4", "8, 1", "1, 1", "[[7, 0], [0, 0]]"),
            "y:8x4xf32",
        ),
        case(
            "window_stride_on_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "4x4", "1, 1", "2, 1", "[[0, 0], [0, 0]]"),
            "y:4x4xf32",
        ),
        case(
            "window_dilated_off_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "8x2", "1, 2", "1, 1", "[[0, 0], [0, 0]]", ", window_dilations = array<i64: 1, 2>"),
            "y:8x2xf32",
        ),
        case(
            "window_base_dilated_on_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "15x4", "1, 1", "1, 1", "[[0, 0], [0, 0]]", ", base_dilations = array<i64: 2, 1>"),
            "y:15x4xf32",
        ),
        case(
            "window_padded_on_batch",
            "equal",
            "x:8x4xf32* i:f32",
            _window("8x4", "9x4", "1, 1", "1, 1", "[[1, 0], [0, 0]]"),
            "y:9x4xf32",
        ),
        case(
            "window_on_batch_computed",
            "refused",
            "x:8x4xf32* i:f32",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _window("8x4", "8x4", "8, 1", "1, 1", "[[7, 0], [0, 0]]").replace("%x", "%e"),
            "y:8x4xf32 e:8x4xf32",
        ),
        case(
            "select_and_scatter_off_batch",
            "equal",
            "x:8x4xf32* g:8x2xf32* i:f32",
            _select_and_scatter("8x4", "8x2", "1, 2"),
            "y:8x4xf32",
        ),
        case(
            "select_and_scatter_on_batch",
            "equal",
            "x:8x4xf32* g:4x4xf32 i:f32",
            _select_and_scatter("8x4", "4x4", "2, 1"),
            "y:8x4xf32",
        ),
        case(
            "select_and_scatter_whole_source",
            "equal",
            "x:8x4xf32* g:8x2xf32 i:f32",
            _select_and_scatter("8x4", "8x2", "1, 2"),
            "y:8x4xf32",
        ),
        case("sort_off_batch", "equal", "x:8x4xf32*", _sort(1), "y:8x4xf32"),
        case("sort_on_batch", "equal", "x:8x4xf32*", _sort(0), "y:8x4xf32"),
        case(
            "sort_on_batch_computed",
            "refused",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n" + _sort(0).replace("%x", "%e"),
            "y:8x4xf32 e:8x4xf32",
        ),
        case(
            "sort_pairs_whole_key",
            "equal",
            "w:8x4xf32 x:8x4xf32*",
            """%y:2 = "stablehlo.sort"(%w, %x) ({ ^bb0(%a: [f32], %b: [f32], %c: [f32], %d: [f32]):
            %p = h.compare LT, %a, %b, FLOAT : ([f32], [f32]) -> [i1]
            h.return %p : [i1] }) {dimension = 1 : i64, is_stable = true} : ([8x4xf32], [8x4xf32]) -> ([8x4xf32], [8x4xf32])
            %z = h.add %y#1, %y#0 : [8x4xf32]""",
            "z:8x4xf32",
        ),
        case(
            "map",
            "equal",
            "x:8x4xf32* z:8x4xf32",
            """%y = "stablehlo.map"(%x, %z) ({ ^bb0(%a: [f32], %b: [f32]):
            %t = h.multiply %a, %b : [f32]
            h.return %t : [f32] }) {dimensions = array<i64: 0, 1>} : ([8x4xf32], [8x4xf32]) -> [8x4xf32]""",
            "y:8x4xf32",
        ),
    ]
    return found


_ARGMAX = """%i = h.iota dim = 0 : [{many}xi32]
%f = h.constant dense<0xFF800000> : [f32]
%n = h.constant dense<0> : [i32]
%v, %y = h.reduce(%x init: %f), (%i init: %n) across dimensions = [{dims}] : ([{many}xf32], [{many}xi32], [f32], [i32]) -> ([{one}f32], [{one}i32])
  reducer(%a: [f32], %b: [f32]) (%c: [i32], %d: [i32]) {{
    %p = h.compare GT, %a, %b, FLOAT : ([f32], [f32]) -> [i1]
    %q = h.select %p, %a, %b : [i1], [f32]
    %r = h.select %p, %c, %d : [i1], [i32]
    h.return %q, %r : [f32], [i32] }}
"""


def _window(source: str, result: str, sizes: str, strides: str, padding: str, more: str = "") -> str:
    return f"""%y = "stablehlo.reduce_window"(%x, %i) ({{ ^bb0(%a: [f32], %b: [f32]):
      %t = h.add %a, %b : [f32]
      h.return %t : [f32] }}) {{window_dimensions = array<i64: {sizes}>, window_strides = array<i64: {strides}>, padding = dense<{padding}> : tensor<2x2xi64>{more}}} : ([{source}xf32], [f32]) -> [{result}xf32]
"""


def _select_and_scatter(source: str, small: str, sizes: str) -> str:
    return f"""%y = "stablehlo.select_and_scatter"(%x, %g, %i) ({{ ^bb0(%a: [f32], %b: [f32]):
      %t = h.compare GE, %a, %b, FLOAT : ([f32], [f32]) -> [i1]
      h.return %t : [i1] }}, {{ ^bb0(%a: [f32], %b: [f32]):
      %t = h.add %a, %b : [f32]
      h.return %t : [f32] }}) {{window_dimensions = array<i64: {sizes}>, window_strides = array<i64: {sizes}>}} : ([{source}xf32], [{small}xf32], [f32]) -> [{source}xf32]
"""


def _sort(dim: int) -> str:
    return f"""%y = "stablehlo.sort"(%x) ({{ ^bb0(%a: [f32], %b: [f32]):
      %p = h.compare LT, %a, %b, FLOAT : ([f32], [f32]) -> [i1]
      h.return %p : [i1] }}) {{dimension = {dim} : i64, is_stable = true}} : ([8x4xf32]) -> [8x4xf32]
"""


CASES = [*_unary(), *_binary(), *_shapes(), *_reductions()]
