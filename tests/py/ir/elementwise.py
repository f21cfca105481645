"""Cases of one op each, as a table: element-wise ops and reductions over the batch, for the element types they have."""

from cases import Case

_PARTITIONED = {  # in every run, on this mesh; the others with MESHWRIGHT_EXAMPLES
    "2": "sqrt convert_ui8 multiply_i32 reduce_add_1.5_f32 reduce_minimum_f8E4M3FN reduce_or_i32 reduce_minimum_i1",
    "4": "abs_i32 atan2 shift_left_i32 reduce_multiply_2.0_f32 reduce_minimum_f8E4M3 reduce_multiply_ui8",
    "2x2": "abs popcnt_i32 maximum or_i1 reduce_minimum_0.25_bf16 reduce_minimum_f8E5M2FNUZ reduce_maximum_ui32",
    "2x2x2": "exponential real_complex multiply subtract_complex reduce_add_1.5_f16 reduce_minimum_f8E4M3B11FNUZ reduce_or_ui32",
    "2x4": "log_plus_one reduce_precision remainder compare_NE reduce_multiply_2.0_f16 reduce_multiply_i8 reduce_multiply_i64",
    "1x4": "round_nearest_even convert_f8E4M3FN add_i32 compare_GE reduce_minimum_0.25_f64 reduce_maximum_i32 reduce_or_i1",
}
_MESHES = {name: mesh for mesh, names in _PARTITIONED.items() for name in names.split()}

_FLOATS = (
    "abs cbrt ceil cosine exponential exponential_minus_one floor log log_plus_one logistic negate round_nearest_afz "
    "round_nearest_even rsqrt sign sine sqrt tan tanh optimization_barrier"
)
_BINARY = "add atan2 divide maximum minimum multiply power remainder subtract"
_BINARY_I32 = "add and or xor multiply subtract maximum minimum shift_left shift_right_arithmetic shift_right_logical"
_FOLDS = (
    ("add", "0.0"),
    ("add", "1.5"),
    ("maximum", "0.25"),
    ("minimum", "0.25"),
    ("multiply", "1.0"),
    ("multiply", "2.0"),
)
_FOLDS_F8 = (("maximum", "-1.0"), ("minimum", "1.0"))
_FOLDS_INTEGER = (("add", "1"), ("maximum", "0"), ("minimum", "5"), ("multiply", "1"), ("and", "3"), ("or", "4"))
_FOLDS_I1 = (
    ("and", "true"),
    ("or", "false"),
    ("add", "false"),
    ("multiply", "true"),
    ("maximum", "false"),
    ("minimum", "true"),
)
_FOLDS_COMPLEX = (("add", "(1.0, 2.0)"), ("multiply", "(1.0, 0.0)"))
_F8 = "f8E4M3FN f8E5M2 f8E4M3 f8E3M4 f8E5M2FNUZ f8E4M3FNUZ f8E4M3B11FNUZ f4E2M1FN f8E8M0FNU"


def _case(name: str, arguments: str, body: str, result: str) -> Case:
    """``arguments``: ``x:8x4xf32* z:4xf32``, where ``*`` says that it is of the batch; ``body`` computes ``%y``."""
    inputs = [item.split(":") for item in arguments.split()]
    signature = ", ".join(f"%{name}: tensor<{kind.rstrip('*')}>" for name, kind in inputs)
    text = f"func.func @main({signature}) -> tensor<{result}> {{\n{body}\nreturn %y : tensor<{result}>\n}}"
    batch = tuple(i for i, (_, kind) in enumerate(inputs) if kind.endswith("*"))
    return Case(name, text, batch=batch, partition=_MESHES.get(name, ""))


def _same(name: str, op: str, arguments: str, operands: str, kind: str) -> Case:
    """An op whose operands and result are of one kind."""
    return _case(name, arguments, f"%y = stablehlo.{op} {operands} : tensor<{kind}>", kind)


def _becomes(name: str, op: str, arguments: str, operands: str, result: str) -> Case:
    """An op of operands of one kind with a result of another."""
    kinds = ", ".join(f"tensor<{item.split(':')[1].rstrip('*')}>" for item in arguments.split())
    return _case(name, arguments, f"%y = stablehlo.{op} {operands} : ({kinds}) -> tensor<{result}>", result)


def _fold(name: str, op: str, init: str, element: str, rest: str = "") -> Case:
    """A reduction over the batch; ``rest``: the other dims."""
    source, result = f"8x{rest}{element}", f"{rest}{element}"
    body = (
        f"%i = stablehlo.constant dense<{init}> : tensor<{element}>\n"
        f"%y = stablehlo.reduce(%x init: %i) applies stablehlo.{op} across dimensions = [0] "
        f": (tensor<{source}>, tensor<{element}>) -> tensor<{result}>"
    )
    return _case(name, f"x:{source}*", body, result)


def _unary() -> list[Case]:
    kinds = ["bf16", "f16", "f64", "f8E4M3FN", "f8E5M2", "i32", "i1", "ui8", "complex<f32>"]
    integer = "abs negate sign not popcnt count_leading_zeros"
    return [
        *(_same(op, op, "x:8x4xf32*", "%x", "8x4xf32") for op in _FLOATS.split()),
        *(_same(f"{op}_i32", op, "x:8x4xi32*", "%x", "8x4xi32") for op in integer.split()),
        _same("not_i1", "not", "x:8xi1*", "%x", "8xi1"),
        _becomes("is_finite", "is_finite", "x:8x4xf32*", "%x", "8x4xi1"),
        *(_becomes(f"{op}_complex", op, "x:8xcomplex<f32>*", "%x", "8xf32") for op in ("real", "imag", "abs")),
        _same("complex", "complex", "x:8xf32* z:8xf32*", "%x, %z", "8xcomplex<f32>"),
        _same("reduce_precision", "reduce_precision", "x:8xf32*", "%x, format = e5m10", "8xf32"),
        *(_becomes(f"convert_{kind}", "convert", "x:8xf32*", "%x", f"8x{kind}") for kind in kinds),
    ]


def _binary() -> list[Case]:
    both, numbers = "x:8x4xf32* z:8x4xf32*", "x:8xcomplex<f32>* z:8xcomplex<f32>*"
    return [
        *(_same(op, op, both, "%x, %z", "8x4xf32") for op in _BINARY.split()),
        *(_same(f"{op}_whole", op, "x:8x4xf32* z:8x4xf32", "%z, %x", "8x4xf32") for op in _BINARY.split()),
        *(_same(f"{op}_i32", op, "x:8xi32* z:8xi32*", "%x, %z", "8xi32") for op in _BINARY_I32.split()),
        *(_same(f"{op}_i1", op, "x:8xi1* z:8xi1*", "%x, %z", "8xi1") for op in ("and", "or", "xor")),
        *(
            _same(f"{op}_complex", op, numbers, "%x, %z", "8xcomplex<f32>")
            for op in ("add", "multiply", "subtract", "divide", "power")
        ),
        *(
            _becomes(f"compare_{way}", f"compare {way},", "x:8xf32* z:8xf32*", "%x, %z, FLOAT", "8xi1")
            for way in ("EQ", "NE", "LT", "LE", "GT", "GE")
        ),
    ]


def _folds() -> list[Case]:
    floats = [(element, op, init) for element in ("f32", "bf16", "f16", "f64") for op, init in _FOLDS]
    small = [(element, op, init) for element in _F8.split() for op, init in _FOLDS_F8]
    whole = [(element, op, init) for element in ("i8", "i32", "ui8", "ui32", "i64") for op, init in _FOLDS_INTEGER]
    return [
        *(_fold(f"reduce_{op}_{init}_{element}", op, init, element, "3x") for element, op, init in floats),
        *(_fold(f"reduce_{op}_{element}", op, init, element, "3x") for element, op, init in small),
        *(_fold(f"reduce_{op}_{element}", op, init, element) for element, op, init in whole),
        *(_fold(f"reduce_{op}_i1", op, init, "i1") for op, init in _FOLDS_I1),
        *(_fold(f"reduce_{op}_complex", op, init, "complex<f32>") for op, init in _FOLDS_COMPLEX),
        _fold("reduce_xor", "xor", "0", "i32"),
    ]


CASES = [*_unary(), *_binary(), *_folds()]
