"""Still more of ``op_cases``: loops and branches, what they carry and capture, and ops that are rare in training steps."""

from op_cases import Case, _sum, case

_COUNT = "%c0 = h.constant dense<0> : [i32]\n%c1 = h.constant dense<1> : [i32]\n%c3 = h.constant dense<3> : [i32]\n"


def loop(
    carried: str,
    body: str,
    returned: str,
    before: str = "",
    condition: str = "%p = h.compare LT, %i, %c3 : ([i32], [i32]) -> [i1]",
) -> str:
    """A loop of three turns; ``carried``: ``h=x:8xf32``, results are ``%l#1`` and on."""
    items = [item.split(":") for item in carried.split()]
    names = ["%i = %c0", *(f"%{name.split('=')[0]} = %{name.split('=')[1]}" for name, _ in items)]
    types = ["[i32]", *(f"[{kind}]" for _, kind in items)]
    return f"""{_COUNT}{before}%l:{len(types)} = h.while({", ".join(names)}) : {", ".join(types)}
      cond {{ {condition}
        h.return %p : [i1] }}
      do {{ %j = h.add %i, %c1 : [i32]
        {body}
        h.return %j{"".join(f", %{name}" for name in returned.split())} : {", ".join(types)} }}
"""


def _zeros(name: str, kind: str, value: str = "0.0") -> str:
    return f"%{name} = h.constant dense<{value}> : [{kind}]\n"


_SCAN = "%r = {op}\n%n = h.add %s, %r : [4xf32]"


def _linear(
    name: str, want: str, ops: str, shape: str = "4xf32", more: str = "", before: str = "", init: str = ""
) -> Case:
    """A loop whose body sums the batch, applies ``ops`` (``%s`` -> ``%t``) to the sum and accumulates it."""
    body = (
        "%e = h.multiply %x, %x : [8x4xf32]\n%z0 = h.constant dense<0.0> : [f32]\n"
        "%s = h.reduce(%e init: %z0) applies h.add across dimensions = [0] : ([8x4xf32], [f32]) -> [4xf32]\n"
        f"{ops}\n%n = h.add %a, %t : [{shape}]"
    )
    start = init or _zeros("z", shape)
    return case(
        f"linear_{name}",
        want,
        f"x:8x4xf32* w:4xf32{more}",
        loop(f"a=z:{shape}", body, "n", start + before) + f"%y = h.tanh %l#1 : [{shape}]",
        f"y:{shape}",
    )


def _loops() -> list[Case]:
    return [
        case(
            "while_carries_split",
            "equal",
            "x:8x4xf32*",
            loop("h=x:8x4xf32", "%n = h.tanh %h : [8x4xf32]", "n") + "%y = h.tanh %l#1 : [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "while_becomes_split",
            "equal",
            "x:8x4xf32*",
            loop("h=z:8x4xf32", "%n = h.add %h, %x : [8x4xf32]", "n", _zeros("z", "8x4xf32"))
            + "%y = h.tanh %l#1 : [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "while_becomes_split_late",
            "equal",
            "x:8xf32*",
            loop(
                "a=z:8xf32 b=z:8xf32 c=z:8xf32 d=z:8xf32",
                "%n = h.add %a, %x : [8xf32]",
                "n a b c",
                _zeros("z", "8xf32"),
            )
            + "%y = h.tanh %l#4 : [8xf32]",
            "y:8xf32",
        ),
        case(
            "while_many_late",
            "equal",
            "x:8xf32*",
            loop(
                " ".join(f"a{i}=z:8xf32" for i in range(14)),
                "%n = h.add %a0, %x : [8xf32]",
                "n " + " ".join(f"a{i}" for i in range(13)),
                _zeros("z", "8xf32"),
            )
            + "%y = h.tanh %l#13 : [8xf32]",
            "y:8xf32",
        ),
        case(
            "while_rotates",
            "equal",
            "x:8x4xf32* w:8x4xf32",
            loop("h=x:8x4xf32 g=w:8x4xf32", "%n = h.tanh %h : [8x4xf32]", "g n") + "%y = h.add %l#1, %l#2 : [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "while_sum",
            "equal",
            "x:8xf32*",
            loop(
                "a=z:f32", _sum("x", "0", "8xf32", "f32") + "%n = h.add %a, %s : [f32]", "n", _zeros("z", "f32", "1.5")
            )
            + "%y = h.tanh %l#1 : [f32]",
            "y:f32",
        ),
        case(
            "while_max",
            "equal",
            "x:8xf32*",
            loop(
                "a=z:f32",
                _sum("x", "0", "8xf32", "f32", op="maximum", init="-3.0") + "%n = h.maximum %a, %s : [f32]",
                "n",
                _zeros("z", "f32", "-1.5"),
            )
            + "%y = h.tanh %l#1 : [f32]",
            "y:f32",
        ),
        case(
            "while_sum_bf16",
            "equal",
            "x:8xbf16*",
            loop(
                "a=z:bf16",
                _sum("x", "0", "8xbf16", "bf16", "bf16") + "%n = h.add %a, %s : [bf16]",
                "n",
                _zeros("z", "bf16"),
            )
            + "%y = h.tanh %l#1 : [bf16]",
            "y:bf16",
        ),
        case(
            "while_weight_gradient",
            "equal",
            "x:8x4xf32* z:8x3xf32*",
            loop(
                "a=c:4x3xf32 h=x:8x4xf32",
                "%g = h.dot_general %h, %z, contracting_dims = [0] x [0] : ([8x4xf32], [8x3xf32]) -> [4x3xf32]\n%n = h.add %a, %g : [4x3xf32]\n%m = h.tanh %h : [8x4xf32]",
                "n m",
                _zeros("c", "4x3xf32"),
            ),
            "l#1:4x3xf32",
        ),
        case(
            "while_stacks",
            "equal",
            "x:8x4xf32*",
            loop(
                "h=x:8x4xf32 a=c:3x8x4xf32",
                "%n = h.tanh %h : [8x4xf32]\n%q = h.reshape %n : ([8x4xf32]) -> [1x8x4xf32]\n%m = h.dynamic_update_slice %a, %q, %i, %c0, %c0 : ([3x8x4xf32], [1x8x4xf32], [i32], [i32], [i32]) -> [3x8x4xf32]",
                "n m",
                _zeros("c", "3x8x4xf32"),
            ),
            "l#2:3x8x4xf32",
        ),
        case(
            "while_stacks_gradients",
            "equal",
            "x:8x4xf32* z:8x2xf32*",
            loop(
                "a=c:3x4x2xf32",
                "%g = h.dot_general %x, %z, contracting_dims = [0] x [0] : ([8x4xf32], [8x2xf32]) -> [4x2xf32]\n%q = h.reshape %g : ([4x2xf32]) -> [1x4x2xf32]\n%m = h.dynamic_update_slice %a, %q, %i, %c0, %c0 : ([3x4x2xf32], [1x4x2xf32], [i32], [i32], [i32]) -> [3x4x2xf32]",
                "m",
                _zeros("c", "3x4x2xf32", "1.0"),
            ),
            "l#1:3x4x2xf32",
        ),
        case(
            "while_reads_layers",
            "equal",
            "x:8x4xf32* w:3x4x4xf32",
            loop(
                "h=x:8x4xf32",
                "%q = h.dynamic_slice %w, %i, %c0, %c0, sizes = [1, 4, 4] : ([3x4x4xf32], [i32], [i32], [i32]) -> [1x4x4xf32]\n%v = h.reshape %q : ([1x4x4xf32]) -> [4x4xf32]\n%n = h.dot_general %h, %v, contracting_dims = [1] x [0] : ([8x4xf32], [4x4xf32]) -> [8x4xf32]",
                "n",
            ),
            "l#1:8x4xf32",
        ),
        case(
            "while_reads_time",
            "equal",
            "x:8x3x4xf32*",
            loop(
                "h=c:8x4xf32",
                "%q = h.dynamic_slice %x, %c0, %i, %c0, sizes = [8, 1, 4] : ([8x3x4xf32], [i32], [i32], [i32]) -> [8x1x4xf32]\n%v = h.reshape %q : ([8x1x4xf32]) -> [8x4xf32]\n%n = h.add %h, %v : [8x4xf32]",
                "n",
                _zeros("c", "8x4xf32"),
            ),
            "l#1:8x4xf32",
        ),
        case(
            "while_over_rows",
            "equal",
            "x:8x4xf32*",
            loop(
                "h=c:1x4xf32",
                "%q = h.dynamic_slice %x, %i, %c0, sizes = [1, 4] : ([8x4xf32], [i32], [i32]) -> [1x4xf32]\n%n = h.add %h, %q : [1x4xf32]",
                "n",
                _zeros("c", "1x4xf32"),
            ),
            "l#1:1x4xf32",
        ),
        case(
            "while_over_rows_computed",
            "refused",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + loop(
                "h=c:1x4xf32",
                "%q = h.dynamic_slice %e, %i, %c0, sizes = [1, 4] : ([8x4xf32], [i32], [i32]) -> [1x4xf32]\n%n = h.add %h, %q : [1x4xf32]",
                "n",
                _zeros("c", "1x4xf32"),
            ),
            "l#1:1x4xf32 e:8x4xf32",
        ),
        case(
            "while_counts_by_batch",
            "equal",
            "k:8xi32*",
            _sum("k", "0", "8xi32", "i32", "i32", "maximum", "0")
            + loop(
                "h=c1:i32",
                "%n = h.add %h, %h : [i32]",
                "n",
                condition="%p = h.compare LT, %i, %s : ([i32], [i32]) -> [i1]",
            ),
            "l#1:i32",
        ),
        case(
            "while_counts_by_batch_carries_split",
            "equal",
            "k:8xi32* x:8x4xf32*",
            _sum("k", "0", "8xi32", "i32", "i32", "maximum", "0")
            + loop(
                "h=x:8x4xf32",
                "%n = h.tanh %h : [8x4xf32]",
                "n",
                condition="%p = h.compare LT, %i, %s : ([i32], [i32]) -> [i1]",
            ),
            "l#1:8x4xf32",
        ),
        case(
            "while_counts_by_loss_carries_split",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0, 1", "8x4xf32", "f32")
            + loop(
                "h=x:8x4xf32",
                "%n = h.tanh %h : [8x4xf32]",
                "n",
                condition="%q = h.convert %i : ([i32]) -> [f32]\n%p = h.compare LT, %q, %s : ([f32], [f32]) -> [i1]",
            ),
            "l#1:8x4xf32",
        ),
        case(
            "while_counts_by_loss_counts",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0, 1", "8x4xf32", "f32")
            + loop(
                "h=c1:i32",
                "%n = h.add %h, %h : [i32]",
                "n",
                condition="%q = h.convert %i : ([i32]) -> [f32]\n%p = h.compare LT, %q, %s : ([f32], [f32]) -> [i1]",
            )
            + "%y = h.convert %l#1 : ([i32]) -> [f32]\n%b = h.broadcast_in_dim %y, dims = [] : ([f32]) -> [8x4xf32]\n%r = h.add %b, %x : [8x4xf32]",
            "r:8x4xf32",
        ),
        case(
            "while_captures_finished",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0, 1", "8x4xf32", "f32")
            + "%u = h.tanh %s : [f32]\n"
            + loop("h=x:8x4xf32 g=u:f32", "%n = h.tanh %h : [8x4xf32]\n%m = h.add %g, %u : [f32]", "n m"),
            "l#1:8x4xf32 l#2:f32",
        ),
        case(
            "while_captures_finished_unused",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0, 1", "8x4xf32", "f32")
            + "%u = h.tanh %s : [f32]\n"
            + loop(
                "h=x:8x4xf32 g=c0:i32",
                "%n = h.tanh %h : [8x4xf32]\n%v = h.convert %u : ([f32]) -> [i32]\n%m = h.add %g, %v : [i32]",
                "n m",
            ),
            "l#1:8x4xf32",
        ),
        case(
            "while_finished_times_sum",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0, 1", "8x4xf32", "f32")
            + "%u = h.tanh %s : [f32]\n"
            + loop(
                "g=c:f32",
                _sum("e", "0, 1", "8x4xf32", "f32", name="q")
                + "%m = h.multiply %q, %u : [f32]\n%n = h.add %g, %m : [f32]",
                "n",
                _zeros("c", "f32"),
            ),
            "l#1:f32",
        ),
        case(
            "while_update_only",
            "equal",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0", "8x4xf32", "4xf32")
            + "%u = h.tanh %s : [4xf32]\n"
            + loop("h=u:4xf32", "%n = h.tanh %h : [4xf32]", "n"),
            "l#1:4xf32",
        ),
        case(
            "while_of_sum",
            "equal",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0", "8x4xf32", "4xf32")
            + loop("h=s:4xf32", "%n = h.tanh %h : [4xf32]", "n"),
            "l#1:4xf32",
        ),
        case(
            "while_of_sum_and_split",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0", "8x4xf32", "4xf32")
            + loop("h=s:4xf32 g=e:8x4xf32", "%n = h.tanh %h : [4xf32]\n%m = h.tanh %g : [8x4xf32]", "n m"),
            "l#1:4xf32 l#2:8x4xf32",
        ),
        case(
            "while_setup",
            "equal",
            "x:8x4xf32* w:4xf32",
            loop("h=w:4xf32", "%n = h.tanh %h : [4xf32]", "n")
            + "%b = h.broadcast_in_dim %l#1, dims = [1] : ([4xf32]) -> [8x4xf32]\n%y = h.multiply %x, %b : [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "while_carries_both",
            "equal",
            "x:8x4xf32*",
            loop("h=x:8x4xf32 g=x:8x4xf32", "%n = h.tanh %h : [8x4xf32]", "n g"),
            "l#1:8x4xf32 l#2:8x4xf32",
        ),
        case(
            "while_transposes",
            "any",
            "x:8x8xf32*",
            loop("h=x:8x8xf32", "%n = h.transpose %h, dims = [1, 0] : ([8x8xf32]) -> [8x8xf32]", "n"),
            "l#1:8x8xf32",
        ),
        case(
            "while_nested",
            "equal",
            "x:8x4xf32*",
            _COUNT
            + """%l:2 = h.while(%i = %c0, %a = %x) : [i32], [8x4xf32]
            cond { %p = h.compare LT, %i, %c3 : ([i32], [i32]) -> [i1]
              h.return %p : [i1] }
            do { %m:2 = h.while(%k = %c0, %b = %a) : [i32], [8x4xf32]
                cond { %p = h.compare LT, %k, %i : ([i32], [i32]) -> [i1]
                  h.return %p : [i1] }
                do { %t = h.tanh %b : [8x4xf32]
                  %k1 = h.add %k, %c1 : [i32]
                  h.return %k1, %t : [i32], [8x4xf32] }
              %j = h.add %i, %c1 : [i32]
              h.return %j, %m#1 : [i32], [8x4xf32] }""",
            "l#1:8x4xf32",
        ),
        case(
            "while_nested_sum",
            "equal",
            "x:8x4xf32*",
            _COUNT
            + _zeros("z", "f32")
            + """%l:2 = h.while(%i = %c0, %a = %z) : [i32], [f32]
            cond { %p = h.compare LT, %i, %c3 : ([i32], [i32]) -> [i1]
              h.return %p : [i1] }
            do { %m:2 = h.while(%k = %c0, %b = %a) : [i32], [f32]
                cond { %p = h.compare LT, %k, %i : ([i32], [i32]) -> [i1]
                  h.return %p : [i1] }
                do { """
            + _sum("x", "0, 1", "8x4xf32", "f32")
            + """ %t = h.add %b, %s : [f32]
                  %k1 = h.add %k, %c1 : [i32]
                  h.return %k1, %t : [i32], [f32] }
              %j = h.add %i, %c1 : [i32]
              h.return %j, %m#1 : [i32], [f32] }""",
            "l#1:f32",
        ),
        case(
            "while_normalizes_rows",
            "refused",
            "x:8x4xf32*",
            loop(
                "h=x:8x4xf32",
                _sum("h", "0", "8x4xf32", "4xf32")
                + "%b = h.broadcast_in_dim %s, dims = [1] : ([4xf32]) -> [8x4xf32]\n%n = h.subtract %h, %b : [8x4xf32]",
                "n",
            ),
            "l#1:8x4xf32",
        ),
        case(
            "while_scan_of_sum_nonlinear",
            "any",
            "x:8x4xf32*",
            loop(
                "a=c:4xf32",
                _sum("x", "0", "8x4xf32", "4xf32") + "%t = h.tanh %s : [4xf32]\n%n = h.add %a, %t : [4xf32]",
                "n",
                _zeros("c", "4xf32"),
            ),
            "l#1:4xf32",
        ),
        case(
            "while_returns_split_partial_whole",
            "equal",
            "x:8x4xf32* w:4xf32",
            loop(
                "h=x:8x4xf32 a=c:f32 v=w:4xf32",
                "%n = h.tanh %h : [8x4xf32]\n"
                + _sum("n", "0, 1", "8x4xf32", "f32")
                + "%m = h.add %a, %s : [f32]\n%u = h.tanh %v : [4xf32]",
                "n m u",
                _zeros("c", "f32"),
            ),
            "l#1:8x4xf32 l#2:f32 l#3:4xf32",
        ),
        _linear(
            "transpose",
            "equal",
            "%r = h.reshape %s : ([4xf32]) -> [2x2xf32]\n%t = h.transpose %r, dims = [1, 0] : ([2x2xf32]) -> [2x2xf32]",
            "2x2xf32",
        ),
        _linear("broadcast", "equal", "%t = h.broadcast_in_dim %s, dims = [1] : ([4xf32]) -> [3x4xf32]", "3x4xf32"),
        _linear("slice", "equal", "%t = h.slice %s [1:3] : ([4xf32]) -> [2xf32]", "2xf32"),
        _linear("reverse", "equal", "%t = h.reverse %s, dims = [0] : [4xf32]"),
        _linear("concatenate", "equal", "%t = h.concatenate %s, %w, dim = 0 : ([4xf32], [4xf32]) -> [8xf32]", "8xf32"),
        _linear(
            "select",
            "equal",
            "%q = h.compare LT, %w, %w : ([4xf32], [4xf32]) -> [4xi1]\n%t = h.select %q, %s, %w : [4xi1], [4xf32]",
        ),
        _linear(
            "select_pred",
            "refused",
            "%q = h.compare LT, %s, %w : ([4xf32], [4xf32]) -> [4xi1]\n%t = h.select %q, %s, %w : [4xi1], [4xf32]",
        ),
        _linear(
            "pad",
            "equal",
            "%o = h.constant dense<1.0> : [f32]\n%t = h.pad %s, %o, low = [1], high = [2], interior = [1] : ([4xf32], [f32]) -> [10xf32]",
            "10xf32",
        ),
        _linear(
            "dynamic_slice", "equal", "%t = h.dynamic_slice %s, %i, sizes = [2] : ([4xf32], [i32]) -> [2xf32]", "2xf32"
        ),
        _linear(
            "dynamic_update_slice",
            "equal",
            "%u = h.slice %w [0:2] : ([4xf32]) -> [2xf32]\n%t = h.dynamic_update_slice %s, %u, %i : ([4xf32], [2xf32], [i32]) -> [4xf32]",
        ),
        _linear(
            "dynamic_update_slice_into",
            "equal",
            "%t = h.dynamic_update_slice %v, %s, %i : ([8xf32], [4xf32], [i32]) -> [8xf32]",
            "8xf32",
            " v:8xf32",
        ),
        _linear(
            "gather",
            "equal",
            '%t = "stablehlo.gather"(%s, %k) {dimension_numbers = #stablehlo.gather<collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1>} : ([4xf32], [3x1xi32]) -> [3xf32]',
            "3xf32",
            " k:3x1xi32",
        ),
        _linear("add_whole", "equal", "%t = h.add %s, %w : [4xf32]"),
        _linear("subtract_from_whole", "equal", "%t = h.subtract %w, %s : [4xf32]"),
        _linear("negate", "equal", "%t = h.negate %s : [4xf32]"),
        _linear("multiply", "equal", "%t = h.multiply %w, %s : [4xf32]"),
        _linear("square", "refused", "%t = h.multiply %s, %s : [4xf32]"),
        _linear("divide", "equal", "%t = h.divide %s, %w : [4xf32]"),
        _linear("divided", "refused", "%t = h.divide %w, %s : [4xf32]"),
        _linear(
            "dot",
            "equal",
            "%t = h.dot_general %s, %v, contracting_dims = [0] x [0] : ([4xf32], [4x3xf32]) -> [3xf32]",
            "3xf32",
            " v:4x3xf32",
        ),
        _linear(
            "dot_self",
            "refused",
            "%t = h.dot_general %s, %s, contracting_dims = [0] x [0] : ([4xf32], [4xf32]) -> [f32]",
            "f32",
        ),
        _linear("convert_f64", "equal", "%t = h.convert %s : ([4xf32]) -> [4xf64]", "4xf64"),
        _linear(
            "convert_bf16",
            "equal",
            "%q = h.convert %s : ([4xf32]) -> [4xbf16]\n%t = h.convert %q : ([4xbf16]) -> [4xf32]",
        ),
        _linear(
            "convert_i32",
            "refused",
            "%q = h.convert %s : ([4xf32]) -> [4xi32]\n%t = h.convert %q : ([4xi32]) -> [4xf32]",
        ),
        _linear(
            "reduce",
            "equal",
            "%o = h.constant dense<0.0> : [f32]\n%t = h.reduce(%s init: %o) applies h.add across dimensions = [0] : ([4xf32], [f32]) -> [f32]",
            "f32",
        ),
        _linear(
            "reduce_init",
            "equal",
            "%o = h.constant dense<1.0> : [f32]\n%t = h.reduce(%s init: %o) applies h.add across dimensions = [0] : ([4xf32], [f32]) -> [f32]",
            "f32",
        ),
        _linear(
            "reduce_max",
            "refused",
            "%o = h.constant dense<0.0> : [f32]\n%t = h.reduce(%s init: %o) applies h.maximum across dimensions = [0] : ([4xf32], [f32]) -> [f32]",
            "f32",
        ),
        _linear(
            "reduce_double",
            "refused",
            """%o = h.constant dense<0.0> : [f32]
          %t = h.reduce(%s init: %o) across dimensions = [0] : ([4xf32], [f32]) -> [f32]
          reducer(%aa: [f32], %bb: [f32]) { %u = h.add %bb, %bb : [f32]
            h.return %u : [f32] }""",
            "f32",
        ),
        _linear(
            "complex",
            "equal",
            "%q = h.complex %s, %w : [4xcomplex<f32>]\n%t = h.imag %q : ([4xcomplex<f32>]) -> [4xf32]",
        ),
        _linear("abs", "refused", "%t = h.abs %s : [4xf32]"),
        _linear("barrier", "equal", "%t, %u = h.optimization_barrier %s, %w : [4xf32], [4xf32]"),
        _linear(
            "scale_later",
            "equal",
            "%q = h.multiply %s, %w : [4xf32]\n%t = h.add %q, %s : [4xf32]",
            init=_zeros("z", "4xf32", "2.0"),
        ),
        case(
            "linear_divide_integer",
            "any",
            "k:8xi32*",
            loop(
                "a=c0:i32",
                _sum("k", "0", "8xi32", "i32", "i32", init="0")
                + "%t = h.divide %s, %c3 : [i32]\n%n = h.add %a, %t : [i32]",
                "n",
            ),
            "l#1:i32",
        ),
        case(
            "linear_convert_wraps",
            "any",
            "k:8xi8*",
            loop(
                "a=c0:i32",
                "%f = h.constant dense<60> : [8xi8]\n%g = h.add %f, %k : [8xi8]\n"
                + _sum("g", "0", "8xi8", "i8", "i8", init="0")
                + "%t = h.convert %s : ([i8]) -> [i32]\n%n = h.add %a, %t : [i32]",
                "n",
            ),
            "l#1:i32",
        ),
        case(
            "linear_convert_unsigned",
            "any",
            "k:8xui32* w:i64",
            loop(
                "b=w:i64",
                "%f = h.constant dense<1> : [8xui32]\n%g = h.subtract %k, %f : [8xui32]\n"
                + _sum("g", "0", "8xui32", "ui32", "ui32", init="0")
                + "%v = h.convert %s : ([ui32]) -> [i64]\n%m = h.add %b, %v : [i64]",
                "m",
            ),
            "l#1:i64",
        ),
        case(
            "linear_integer_to_float",
            "equal",
            "k:8xi32*",
            loop(
                "a=z:f32",
                _sum("k", "0", "8xi32", "i32", "i32", init="0")
                + "%t = h.convert %s : ([i32]) -> [f32]\n%n = h.add %a, %t : [f32]",
                "n",
                _zeros("z", "f32"),
            ),
            "l#1:f32",
        ),
    ]


_CAPTURING = """%i = h.constant dense<0.0> : [f32]
%y = h.reduce(%{x} init: %i) across dimensions = [{dims}] : ([8x4xf32], [f32]) -> [{kind}]
  reducer(%a: [f32], %b: [f32]) {{ %u = h.add %b, %a : [f32]
    %v = h.maximum %u, %{s} : [f32]
    h.return %v : [f32] }}
"""


def _captures() -> list[Case]:
    """What the body of a reduction reads from outside of it."""
    late = "%e = h.tanh %x : [8x4xf32]\n" + _sum("e", "0, 1", "8x4xf32", "f32") + "%t = h.tanh %s : [f32]\n"
    rows = _CAPTURING.format(x="e", s="t", dims="1", kind="8xf32")
    update = _CAPTURING.format(x="w", s="t", dims="1", kind="8xf32")
    whole = _CAPTURING.format(x="x", s="w", dims="1", kind="8xf32")
    inside = (
        _CAPTURING.format(x="w", s="s", dims="1", kind="8xf32")
        .replace("%i ", "%i0 ")
        .replace("init: %i)", "init: %i0)")
    )
    return [
        case("reduce_captures_finished", "refused", "x:8x4xf32*", late + rows, "y:8xf32"),
        case("reduce_captures_finished_sum", "refused", "x:8x4xf32*", late + rows.replace("%t :", "%s :"), "y:8xf32"),
        case("reduce_captures_finished_update", "equal", "x:8x4xf32* w:8x4xf32", late + update, "y:8xf32"),
        case("reduce_captures_whole", "equal", "x:8x4xf32* w:f32", whole, "y:8xf32"),
        case(
            "reduce_captures_sum_in_loop",
            "any",
            "x:8x4xf32* w:8x4xf32",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0, 1", "8x4xf32", "f32")
            + loop("h=z:8xf32", inside + "%n = h.add %h, %y : [8xf32]", "n", _zeros("z", "8xf32")),
            "l#1:8xf32",
        ),
        case(
            "loop_max_of_max",
            "equal",
            "x:8x4xf32*",
            loop(
                "h=z:f32",
                _sum("x", "0", "8x4xf32", "4xf32", op="maximum", init="-9.0")
                + _sum("s", "0", "4xf32", "f32", op="maximum", init="-1.5", name="m")
                + "%n = h.maximum %h, %m : [f32]",
                "n",
                _zeros("z", "f32", "-2.0"),
            )
            + "%y = h.tanh %l#1 : [f32]",
            "y:f32",
        ),
        case(
            "loop_widens_integers",
            "any",
            "x:8x4xi8* w:4xi8",
            loop(
                "h=c0:i32",
                "%z8 = h.constant dense<120> : [i8]\n%s = h.reduce(%x init: %z8) applies h.add across dimensions = [0] : ([8x4xi8], [i8]) -> [4xi8]\n"
                "%d = h.dot_general %s, %w, contracting_dims = [0] x [0] : ([4xi8], [4xi8]) -> [i32]\n%n = h.add %h, %d : [i32]",
                "n",
            ),
            "l#1:i32",
        ),
    ]


def _branch(kind: str, chosen: str, bodies: list[str], results: str) -> str:
    inner = ", ".join(f"{{ {body} }}" for body in bodies)
    return f'%b:{len(results.split(","))} = "stablehlo.{kind}"(%{chosen}) ({inner}) : ({"[i1]" if kind == "if" else "[i32]"}) -> ({results})\n'


def _branches() -> list[Case]:
    t, u = "%t = h.tanh %x : [8x4xf32]\nh.return %t : [8x4xf32]", "%t = h.sine %x : [8x4xf32]\nh.return %t : [8x4xf32]"
    sums = [_sum("x", "0", "8x4xf32", "4xf32") + "h.return %s : [4xf32]", "h.return %w : [4xf32]"]
    any_ = _sum("m", "0", "8xi1", "i1", "i1", "or", "false", "any")
    high = _sum("k", "0", "8xi32", "i32", "i32", "maximum", "0", "high")
    loss = (
        "%e = h.tanh %x : [8x4xf32]\n"
        + _sum("e", "0, 1", "8x4xf32", "f32", name="loss")
        + "%zero = h.constant dense<0.0> : [f32]\n%up = h.compare GT, %loss, %zero : ([f32], [f32]) -> [i1]\n"
    )
    return [
        case("if_whole", "equal", "p:i1 x:8x4xf32*", _branch("if", "p", [t, u], "[8x4xf32]"), "b:8x4xf32"),
        case(
            "if_of_batch", "equal", "m:8xi1* x:8x4xf32*", any_ + _branch("if", "any", [t, u], "[8x4xf32]"), "b:8x4xf32"
        ),
        case("if_of_loss_split", "refused", "x:8x4xf32*", loss + _branch("if", "up", [t, u], "[8x4xf32]"), "b:8x4xf32"),
        case(
            "if_of_loss",
            "equal",
            "x:8x4xf32* w:4xf32",
            loss
            + _branch(
                "if", "up", ["%t = h.tanh %w : [4xf32]\nh.return %t : [4xf32]", "h.return %w : [4xf32]"], "[4xf32]"
            ),
            "b:4xf32",
        ),
        case("if_of_loss_sums", "any", "x:8x4xf32* w:4xf32", loss + _branch("if", "up", sums, "[4xf32]"), "b:4xf32"),
        case(
            "if_sum_or_whole",
            "equal",
            "p:i1 x:8x4xf32* w:4xf32",
            _branch("if", "p", sums, "[4xf32]") + "%y = h.tanh %b : [4xf32]",
            "y:4xf32",
        ),
        case(
            "if_split_or_whole",
            "equal",
            "p:i1 x:8x4xf32* w:8x4xf32",
            _branch("if", "p", [t, "h.return %w : [8x4xf32]"], "[8x4xf32]"),
            "b:8x4xf32",
        ),
        case(
            "if_split_or_sum",
            "any",
            "p:i1 x:8x8xf32*",
            "%e = h.tanh %x : [8x8xf32]\n"
            + _branch(
                "if",
                "p",
                [
                    _sum("e", "0", "8x8xf32", "8xf32") + "h.return %s : [8xf32]",
                    _sum("e", "1", "8x8xf32", "8xf32") + "h.return %s : [8xf32]",
                ],
                "[8xf32]",
            ),
            "b:8xf32",
        ),
        case(
            "if_sum_or_max",
            "any",
            "p:i1 x:8x8xf32*",
            "%e = h.tanh %x : [8x8xf32]\n"
            + _branch(
                "if",
                "p",
                [
                    _sum("e", "0", "8x8xf32", "8xf32") + "h.return %s : [8xf32]",
                    _sum("e", "0", "8x8xf32", "8xf32", op="maximum") + "h.return %s : [8xf32]",
                ],
                "[8xf32]",
            ),
            "b:8xf32",
        ),
        case(
            "if_captured_sum",
            "equal",
            "p:i1 x:8x4xf32*",
            _sum("x", "0", "8x4xf32", "4xf32")
            + _branch(
                "if", "p", ["%t = h.tanh %s : [4xf32]\nh.return %t : [4xf32]", "h.return %s : [4xf32]"], "[4xf32]"
            ),
            "b:4xf32",
        ),
        case(
            "if_captured_sum_and_split",
            "any",
            "p:i1 x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0", "8x4xf32", "4xf32")
            + _branch(
                "if",
                "p",
                [
                    "%t = h.tanh %s : [4xf32]\n%q = h.sine %e : [8x4xf32]\nh.return %t, %q : [4xf32], [8x4xf32]",
                    "h.return %s, %e : [4xf32], [8x4xf32]",
                ],
                "[4xf32], [8x4xf32]",
            ),
            "b#0:4xf32 b#1:8x4xf32",
        ),
        case(
            "if_nested",
            "equal",
            "p:i1 q:i1 x:8x4xf32*",
            _branch(
                "if",
                "p",
                [_branch("if", "q", [t, u], "[8x4xf32]").replace("%b:1", "%c:1") + "h.return %c : [8x4xf32]", u],
                "[8x4xf32]",
            ),
            "b:8x4xf32",
        ),
        case(
            "case_whole",
            "equal",
            "k:i32 x:8x4xf32*",
            _branch("case", "k", [t, u, "h.return %x : [8x4xf32]"], "[8x4xf32]"),
            "b:8x4xf32",
        ),
        case(
            "case_of_batch",
            "equal",
            "k:8xi32* x:8x4xf32*",
            high + _branch("case", "high", [t, u, "h.return %x : [8x4xf32]"], "[8x4xf32]"),
            "b:8x4xf32",
        ),
        case(
            "case_in_loop",
            "equal",
            "x:8x4xf32*",
            loop("h=x:8x4xf32", _branch("case", "i", [s.replace("%x", "%h") for s in (t, u)], "[8x4xf32]"), "b"),
            "l#1:8x4xf32",
        ),
        case(
            "if_in_loop_by_row",
            "any",
            "x:8xf32*",
            "%e = h.tanh %x : [8xf32]\n"
            + loop(
                "h=z:f32",
                "%q = h.dynamic_slice %e, %i, sizes = [1] : ([8xf32], [i32]) -> [1xf32]\n%v = h.reshape %q : ([1xf32]) -> [f32]\n%n = h.add %h, %v : [f32]",
                "n",
                _zeros("z", "f32"),
            ),
            "l#1:f32",
        ),
    ]


def _rare() -> list[Case]:
    spd = "%q = h.dot_general %x, %x, batching_dims = [0] x [0], contracting_dims = [2] x [2] : ([8x3x3xf32], [8x3x3xf32]) -> [8x3x3xf32]\n%i = h.constant dense<[[1.0,0.0,0.0],[0.0,1.0,0.0],[0.0,0.0,1.0]]> : [3x3xf32]\n%j = h.broadcast_in_dim %i, dims = [1, 2] : ([3x3xf32]) -> [8x3x3xf32]\n%a = h.add %q, %j : [8x3x3xf32]\n"
    spd2 = "%q = h.dot_general %x, %x, contracting_dims = [1] x [1] : ([8x3xf32], [8x3xf32]) -> [8x8xf32]\n%c = h.iota dim = 0 : [8x8xi32]\n%d = h.iota dim = 1 : [8x8xi32]\n%e = h.compare EQ, %c, %d : ([8x8xi32], [8x8xi32]) -> [8x8xi1]\n%f = h.convert %e : ([8x8xi1]) -> [8x8xf32]\n%a = h.add %q, %f : [8x8xf32]\n"
    norm = "%w = h.constant dense<1.5> : [{n}xf32]\n%o = h.constant dense<0.5> : [{n}xf32]\n"
    rows = "{epsilon = 1.0e-3 : f32, feature_index = 1 : i64}"
    return [
        case(
            "cholesky", "equal", "x:8x3x3xf32*", spd + "%y = h.cholesky %a, lower = true : [8x3x3xf32]", "y:8x3x3xf32"
        ),
        case(
            "cholesky_across_rows",
            "any",
            "x:8x3xf32*",
            spd2 + "%y = h.cholesky %a, lower = true : [8x8xf32]",
            "y:8x8xf32",
        ),
        case(
            "triangular_solve",
            "equal",
            "x:8x3x3xf32* b:8x3x2xf32*",
            spd
            + "%l = h.cholesky %a, lower = true : [8x3x3xf32]\n"
            + '%y = "stablehlo.triangular_solve"(%l, %b) {left_side = true, lower = true, unit_diagonal = false, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : ([8x3x3xf32], [8x3x2xf32]) -> [8x3x2xf32]',
            "y:8x3x2xf32",
        ),
        case(
            "triangular_solve_rows_as_columns",
            "equal",
            "w:3x3xf32 b:8x3xf32*",
            '%t = h.transpose %b, dims = [1, 0] : ([8x3xf32]) -> [3x8xf32]\n%y = "stablehlo.triangular_solve"(%w, %t) {left_side = true, lower = true, unit_diagonal = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : ([3x3xf32], [3x8xf32]) -> [3x8xf32]',
            "y:3x8xf32",
        ),
        case(
            "triangular_solve_right",
            "equal",
            "w:3x3xf32 b:8x3xf32*",
            '%y = "stablehlo.triangular_solve"(%w, %b) {left_side = false, lower = true, unit_diagonal = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : ([3x3xf32], [8x3xf32]) -> [8x3xf32]',
            "y:8x3xf32",
        ),
        case(
            "triangular_solve_across_rows",
            "any",
            "w:8x8xf32 b:8x3xf32*",
            '%e = h.tanh %b : [8x3xf32]\n%y = "stablehlo.triangular_solve"(%w, %e) {left_side = true, lower = true, unit_diagonal = true, transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : ([8x8xf32], [8x3xf32]) -> [8x3xf32]',
            "y:8x3xf32",
        ),
        case(
            "fft_off_batch",
            "equal",
            "x:8x4xcomplex<f32>*",
            "%y = h.fft %x, type = FFT, length = [4] : ([8x4xcomplex<f32>]) -> [8x4xcomplex<f32>]",
            "y:8x4xcomplex<f32>",
        ),
        case(
            "rfft_off_batch",
            "equal",
            "x:8x4xf32*",
            "%y = h.fft %x, type = RFFT, length = [4] : ([8x4xf32]) -> [8x3xcomplex<f32>]",
            "y:8x3xcomplex<f32>",
        ),
        case(
            "fft_on_batch",
            "any",
            "x:8x4xcomplex<f32>*",
            "%e = h.tanh %x : [8x4xcomplex<f32>]\n%t = h.transpose %e, dims = [1, 0] : ([8x4xcomplex<f32>]) -> [4x8xcomplex<f32>]\n%y = h.fft %t, type = FFT, length = [8] : ([4x8xcomplex<f32>]) -> [4x8xcomplex<f32>]",
            "y:4x8xcomplex<f32>",
        ),
        case(
            "fft_2d_on_batch",
            "any",
            "x:8x4xcomplex<f32>*",
            "%e = h.tanh %x : [8x4xcomplex<f32>]\n%y = h.fft %e, type = FFT, length = [8, 4] : ([8x4xcomplex<f32>]) -> [8x4xcomplex<f32>]",
            "y:8x4xcomplex<f32>",
        ),
        case(
            "batch_norm_inference",
            "equal",
            "x:8x4xf32* m:4xf32",
            norm.format(n=4)
            + f'%y = "stablehlo.batch_norm_inference"(%x, %w, %o, %m, %w) {rows} : ([8x4xf32], [4xf32], [4xf32], [4xf32], [4xf32]) -> [8x4xf32]',
            "y:8x4xf32",
        ),
        case(
            "batch_norm_inference_feature_is_batch",
            "any",
            "x:8x4xf32* m:8xf32",
            norm.format(n=8)
            + f'%y = "stablehlo.batch_norm_inference"(%x, %w, %o, %m, %w) {rows.replace("= 1 :", "= 0 :")} : ([8x4xf32], [8xf32], [8xf32], [8xf32], [8xf32]) -> [8x4xf32]',
            "y:8x4xf32",
        ),
        case(
            "batch_norm_training",
            "any",
            "x:8x4xf32*",
            norm.format(n=4)
            + "%e = h.tanh %x : [8x4xf32]\n"
            + f'%y:3 = "stablehlo.batch_norm_training"(%e, %w, %o) {rows} : ([8x4xf32], [4xf32], [4xf32]) -> ([8x4xf32], [4xf32], [4xf32])',
            "y#0:8x4xf32 y#1:4xf32",
        ),
        case(
            "batch_norm_training_feature_is_batch",
            "any",
            "x:8x4xf32*",
            norm.format(n=8)
            + "%e = h.tanh %x : [8x4xf32]\n"
            + f'%y:3 = "stablehlo.batch_norm_training"(%e, %w, %o) {rows.replace("= 1 :", "= 0 :")} : ([8x4xf32], [8xf32], [8xf32]) -> ([8x4xf32], [8xf32], [8xf32])',
            "y#0:8x4xf32 y#1:8xf32",
        ),
        case(
            "batch_norm_grad",
            "any",
            "x:8x4xf32* g:8x4xf32*",
            norm.format(n=4)
            + "%e = h.tanh %x : [8x4xf32]\n"
            + f'%y:3 = "stablehlo.batch_norm_grad"(%e, %w, %o, %w, %g) {rows} : ([8x4xf32], [4xf32], [4xf32], [4xf32], [8x4xf32]) -> ([8x4xf32], [4xf32], [4xf32])',
            "y#0:8x4xf32 y#1:4xf32",
        ),
        case(
            "custom_call_unknown",
            "refused",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n%y = h.custom_call @mystery(%e) : ([8x4xf32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "custom_call_top_k",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n%y:2 = h.custom_call @TopK(%e) : ([8x4xf32]) -> ([8x2xf32], [8x2xi32])",
            "y#0:8x2xf32",
        ),
        case(
            "composite",
            "equal",
            "x:8x4xf32*",
            '%y = h.composite "my.act" %x {decomposition = @act} : ([8x4xf32]) -> [8x4xf32]',
            "y:8x4xf32",
        ),
        case(
            "rng_bit_generator_whole",
            "equal",
            "x:8x4xui32* k:2xui64",
            "%s, %y = h.rng_bit_generator %k, algorithm = THREE_FRY : ([2xui64]) -> ([2xui64], [8x4xui32])\n%z = h.add %x, %y : [8x4xui32]",
            "z:8x4xui32 s:2xui64",
        ),
        case(
            "rng_bit_generator_of_batch",
            "any",
            "k:8xui64*",
            "%q = h.slice %k [0:2] : ([8xui64]) -> [2xui64]\n%s, %y = h.rng_bit_generator %q, algorithm = THREE_FRY : ([2xui64]) -> ([2xui64], [8x4xui32])\n",
            "y:8x4xui32",
        ),
        case(
            "rng_bit_generator_state_is_batch",
            "any",
            "k:2xui64*",
            "%s, %y = h.rng_bit_generator %k, algorithm = THREE_FRY : ([2xui64]) -> ([2xui64], [2x4xui32])\n",
            "y:2x4xui32",
            2,
        ),
        case(
            "rng_in_loop",
            "equal",
            "x:8x4xui32* k:2xui64",
            loop(
                "s=k:2xui64 h=x:8x4xui32",
                "%n, %y = h.rng_bit_generator %s, algorithm = THREE_FRY : ([2xui64]) -> ([2xui64], [8x4xui32])\n%z = h.add %h, %y : [8x4xui32]",
                "n z",
            ),
            "l#1:2xui64 l#2:8x4xui32",
        ),
        case(
            "barrier_mixes",
            "equal",
            "x:8x4xf32* w:4xf32",
            "%e = h.tanh %x : [8x4xf32]\n%a, %b = h.optimization_barrier %e, %w : [8x4xf32], [4xf32]",
            "a:8x4xf32 b:4xf32",
        ),
        case(
            "barrier_mixes_finished",
            "any",
            "x:8x4xf32*",
            "%e = h.tanh %x : [8x4xf32]\n"
            + _sum("e", "0", "8x4xf32", "4xf32")
            + "%a, %b = h.optimization_barrier %e, %s : [8x4xf32], [4xf32]",
            "a:8x4xf32 b:4xf32",
        ),
        case(
            "get_dimension_size",
            "any",
            "x:8x4xf32*",
            '%y = "stablehlo.get_dimension_size"(%x) {dimension = 0 : i64} : ([8x4xf32]) -> [i32]',
            "y:i32",
        ),
        case(
            "einsum",
            "any",
            "x:8x4xf32* w:4x3xf32",
            '%e = h.tanh %x : [8x4xf32]\n%y = "stablehlo.einsum"(%e, %w) {einsum_config = "bi,io->bo"} : ([8x4xf32], [4x3xf32]) -> [8x3xf32]',
            "y:8x3xf32",
        ),
        case(
            "unary_einsum",
            "any",
            "x:8x4xf32*",
            '%e = h.tanh %x : [8x4xf32]\n%y = "stablehlo.unary_einsum"(%e) {einsum_config = "bi->b"} : ([8x4xf32]) -> [8xf32]',
            "y:8xf32",
        ),
        case(
            "broadcast_old",
            "refused",
            "x:8xf32*",
            '%e = h.tanh %x : [8xf32]\n%y = "stablehlo.broadcast"(%e) {broadcast_sizes = array<i64: 3>} : ([8xf32]) -> [3x8xf32]',
            "y:3x8xf32",
        ),
        case(
            "dynamic_iota",
            "any",
            "x:8xf32*",
            "%s = h.constant dense<[8]> : [1xi32]\n%y = h.dynamic_iota %s, dim = 0 : ([1xi32]) -> [8xf32]\n%z = h.add %x, %y : [8xf32]",
            "z:8xf32",
        ),
        case(
            "dynamic_reshape",
            "any",
            "x:8x4xf32*",
            "%s = h.constant dense<[32]> : [1xi32]\n%e = h.tanh %x : [8x4xf32]\n%y = h.dynamic_reshape %e, %s : ([8x4xf32], [1xi32]) -> [32xf32]",
            "y:32xf32",
        ),
        case(
            "dynamic_broadcast_in_dim",
            "any",
            "x:8xf32*",
            "%s = h.constant dense<[8, 4]> : [2xi32]\n%e = h.tanh %x : [8xf32]\n%y = h.dynamic_broadcast_in_dim %e, %s, dims = [0] : ([8xf32], [2xi32]) -> [8x4xf32]",
            "y:8x4xf32",
        ),
        case(
            "dynamic_pad",
            "any",
            "x:8xf32* p:f32",
            "%a = h.constant dense<[1]> : [1xi32]\n%b = h.constant dense<[0]> : [1xi32]\n%e = h.tanh %x : [8xf32]\n%y = h.dynamic_pad %e, %p, %a, %b, %b : ([8xf32], [f32], [1xi32], [1xi32], [1xi32]) -> [9xf32]",
            "y:9xf32",
        ),
        case(
            "dynamic_pad_same",
            "any",
            "x:8xf32* p:f32",
            "%a = h.constant dense<[1]> : [1xi32]\n%c = h.constant dense<[-1]> : [1xi32]\n%b = h.constant dense<[0]> : [1xi32]\n%e = h.tanh %x : [8xf32]\n%y = h.dynamic_pad %e, %p, %a, %c, %b : ([8xf32], [f32], [1xi32], [1xi32], [1xi32]) -> [8xf32]",
            "y:8xf32",
        ),
        case(
            "real_dynamic_slice",
            "any",
            "x:8xf32*",
            "%a = h.constant dense<[1]> : [1xi32]\n%b = h.constant dense<[5]> : [1xi32]\n%c = h.constant dense<[1]> : [1xi32]\n%e = h.tanh %x : [8xf32]\n%y = h.real_dynamic_slice %e, %a, %b, %c : ([8xf32], [1xi32], [1xi32], [1xi32]) -> [4xf32]",
            "y:4xf32",
        ),
        case(
            "set_dimension_size",
            "any",
            "x:8xf32*",
            '%a = h.constant dense<8> : [i32]\n%e = h.tanh %x : [8xf32]\n%y = "stablehlo.set_dimension_size"(%e, %a) {dimension = 0 : i64} : ([8xf32], [i32]) -> [8xf32]',
            "y:8xf32",
        ),
        case(
            "dynamic_gather",
            "any",
            "w:5x4xf32 k:8x1xi32*",
            '%s = h.constant dense<[1, 4]> : [2xi32]\n%y = "stablehlo.dynamic_gather"(%w, %k, %s) {dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>} : ([5x4xf32], [8x1xi32], [2xi32]) -> [8x4xf32]',
            "y:8x4xf32",
        ),
        case(
            "tuple",
            "refused",
            "x:8xf32*",
            "%t = h.tuple %x, %x : tuple<[8xf32], [8xf32]>\n%y = h.get_tuple_element %t[0] : (tuple<[8xf32], [8xf32]>) -> [8xf32]",
            "y:8xf32",
        ),
        case(
            "after_all",
            "refused",
            "x:8xf32*",
            "%t = h.create_token : !h.token\n%u = h.after_all %t, %t : !h.token\n%y = h.tanh %x : [8xf32]",
            "y:8xf32",
        ),
        case("replica_id", "refused", "x:8xf32*", "%r = h.replica_id : [ui32]\n%y = h.tanh %x : [8xf32]", "y:8xf32"),
        case(
            "partition_id", "refused", "x:8xf32*", "%r = h.partition_id : [ui32]\n%y = h.tanh %x : [8xf32]", "y:8xf32"
        ),
        case(
            "all_reduce",
            "refused",
            "x:8xf32*",
            """%y = "stablehlo.all_reduce"(%x) ({ ^bb0(%a: [f32], %b: [f32]):
            %t = h.add %a, %b : [f32]
            h.return %t : [f32] }) {replica_groups = dense<0> : tensor<1x1xi64>} : ([8xf32]) -> [8xf32]""",
            "y:8xf32",
        ),
        case(
            "all_gather",
            "refused",
            "x:8xf32*",
            '%y = "stablehlo.all_gather"(%x) {all_gather_dim = 0 : i64, replica_groups = dense<0> : tensor<1x1xi64>} : ([8xf32]) -> [8xf32]',
            "y:8xf32",
        ),
        case(
            "all_to_all",
            "refused",
            "x:8xf32*",
            '%y = "stablehlo.all_to_all"(%x) {split_dimension = 0 : i64, concat_dimension = 0 : i64, split_count = 1 : i64, replica_groups = dense<0> : tensor<1x1xi64>} : ([8xf32]) -> [8xf32]',
            "y:8xf32",
        ),
        case(
            "collective_permute",
            "refused",
            "x:8xf32*",
            '%y = "stablehlo.collective_permute"(%x) {source_target_pairs = dense<0> : tensor<1x2xi64>} : ([8xf32]) -> [8xf32]',
            "y:8xf32",
        ),
        case(
            "collective_broadcast",
            "refused",
            "x:8xf32*",
            '%y = "stablehlo.collective_broadcast"(%x) {replica_groups = dense<0> : tensor<1x1xi64>} : ([8xf32]) -> [8xf32]',
            "y:8xf32",
        ),
        case(
            "reduce_scatter",
            "refused",
            "x:8xf32*",
            """%y = "stablehlo.reduce_scatter"(%x) ({ ^bb0(%a: [f32], %b: [f32]):
            %t = h.add %a, %b : [f32]
            h.return %t : [f32] }) {scatter_dimension = 0 : i64, replica_groups = dense<0> : tensor<1x1xi64>} : ([8xf32]) -> [8xf32]""",
            "y:8xf32",
        ),
        case(
            "cross_replica_sum",
            "refused",
            "x:8xf32*",
            '%y = "stablehlo.cross-replica-sum"(%x) {replica_groups = dense<0> : tensor<1x1xi64>} : ([8xf32]) -> [8xf32]',
            "y:8xf32",
        ),
    ]


_ACT = """
func.func private @act(%a: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = stablehlo.tanh %a : tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}"""


def _with_functions(item: Case) -> Case:
    return Case(
        item.name, item.want, item.text + _ACT if "@act" in item.text else item.text, item.batch, item.microbatches
    )


CASES = [*_loops(), *_captures(), *_branches(), *map(_with_functions, _rare())]
