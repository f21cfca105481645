"""Random small programs of a typed grammar: 3 to 12 ops over batch arguments, parameters, constants and a loop now and then.

Shapes are drawn from few sizes, so that values meet; rows of the batch are one of those sizes, so that dims are confused as easily
as they are in real programs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

Shape = tuple[int, ...]


def tensor(shape: Shape, element: str) -> str:
    """``tensor<8x4xf32>``."""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{element}>"


@dataclass
class Writer:
    """A program under construction; ``values``: (name, shape, element) that later ops may read."""

    draw: Callable[[st.SearchStrategy], object]
    rows: int
    values: list[tuple[str, Shape, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    count: int = 0
    depth: int = 0
    touched: set[str] = field(default_factory=set)  # names of values that depend on the batch

    def pick(
        self, *, element: str | None = None, rank: int | None = None, shape: Shape | None = None
    ) -> tuple[str, Shape, str] | None:
        """Some earlier value of that kind, later ones rather."""
        fitting = [
            v
            for v in self.values
            if (element is None or v[2] == element)
            and (rank is None or len(v[1]) >= rank)
            and (shape is None or v[1] == shape)
        ]
        if not fitting:
            return None
        rows = [v for v in fitting if v[0] in self.touched]
        if rows and self.draw(st.integers(0, 3)):
            fitting = rows
        recent = fitting[-6:] if self.draw(st.booleans()) else fitting
        return self.draw(st.sampled_from(recent))

    def add(self, text: str, shape: Shape, element: str) -> str:
        """Append ``%v = text``."""
        name = f"%v{self.count}"
        self.count += 1
        self.lines.append(f"{name} = {text}")
        self.values.append((name, shape, element))
        if self.touched.intersection(re.findall(r"%\w+(?:#\d)?", text)):
            self.touched.add(name)
        return name

    def constant(self, shape: Shape, element: str, literal: str | None = None) -> str:
        """A splat constant, which later ops may read as well."""
        literal = literal or {"f32": "0.5", "i32": "2", "i1": "true"}[element]
        return self.add(f"stablehlo.constant dense<{literal}> : {tensor(shape, element)}", shape, element)


def _unary(w: Writer) -> None:
    value = w.pick()
    if value is None:
        return
    name, shape, element = value
    ops = {
        "f32": ["tanh", "negate", "sine", "abs", "floor", "optimization_barrier"],
        "i32": ["negate", "abs", "not"],
        "i1": ["not"],
    }[element]
    w.add(f"stablehlo.{w.draw(st.sampled_from(ops))} {name} : {tensor(shape, element)}", shape, element)


def _binary(w: Writer) -> None:
    one = w.pick()
    if one is None:
        return
    name, shape, element = one
    other = w.pick(element=element, shape=shape)
    assert other is not None
    ops = {
        "f32": ["add", "subtract", "multiply", "maximum", "minimum"],
        "i32": ["add", "subtract", "multiply", "maximum", "and", "xor"],
        "i1": ["and", "or", "xor"],
    }[element]
    w.add(f"stablehlo.{w.draw(st.sampled_from(ops))} {name}, {other[0]} : {tensor(shape, element)}", shape, element)


def _compare(w: Writer) -> None:
    one = w.pick(element=w.draw(st.sampled_from(["f32", "i32"])))
    if one is None:
        return
    name, shape, element = one
    other = w.pick(element=element, shape=shape)
    assert other is not None
    direction = w.draw(st.sampled_from(["LT", "EQ", "GE"]))
    w.add(
        f"stablehlo.compare {direction}, {name}, {other[0]} : ({tensor(shape, element)}, {tensor(shape, element)}) -> {tensor(shape, 'i1')}",
        shape,
        "i1",
    )


def _convert(w: Writer) -> None:
    value = w.pick()
    if value is None:
        return
    name, shape, element = value
    target = w.draw(st.sampled_from([kind for kind in ("f32", "i32", "i1") if kind != element]))
    w.add(f"stablehlo.convert {name} : ({tensor(shape, element)}) -> {tensor(shape, target)}", shape, target)


def _select(w: Writer) -> None:
    chosen = w.pick(element="i1")
    if chosen is None:
        return
    one = w.pick(element=w.draw(st.sampled_from(["f32", "i32"])), shape=chosen[1] or None)
    if one is None:
        return
    other = w.pick(element=one[2], shape=one[1])
    assert other is not None
    if chosen[1] not in ((), one[1]):
        return
    w.add(
        f"stablehlo.select {chosen[0]}, {one[0]}, {other[0]} : {tensor(chosen[1], 'i1')}, {tensor(one[1], one[2])}",
        one[1],
        one[2],
    )


def _reduce(w: Writer) -> None:
    value = w.pick(rank=1)
    if value is None:
        return
    name, shape, element = value
    dims = w.draw(st.sets(st.integers(0, len(shape) - 1), min_size=1))
    kinds = {
        "f32": [("add", "0.0"), ("add", "1.0"), ("maximum", "-1.0"), ("minimum", "0.5")],
        "i32": [("add", "0"), ("maximum", "1"), ("and", "7"), ("or", "0")],
        "i1": [("and", "true"), ("or", "false")],
    }[element]
    op, literal = w.draw(st.sampled_from(kinds))
    init = w.constant((), element, literal)
    left = tuple(size for dim, size in enumerate(shape) if dim not in dims)
    listed = ", ".join(str(dim) for dim in sorted(dims))
    w.add(
        f"stablehlo.reduce({name} init: {init}) applies stablehlo.{op} across dimensions = [{listed}] : ({tensor(shape, element)}, {tensor((), element)}) -> {tensor(left, element)}",
        left,
        element,
    )


def _broadcast(w: Writer) -> None:
    value = w.pick()
    if value is None or len(value[1]) > 2:
        return
    name, shape, element = value
    place = w.draw(st.integers(0, len(shape)))
    size = w.draw(st.sampled_from([w.rows, 4, 2]))
    grown = (*shape[:place], size, *shape[place:])
    dims = ", ".join(str(dim + (dim >= place)) for dim in range(len(shape)))
    w.add(
        f"stablehlo.broadcast_in_dim {name}, dims = [{dims}] : ({tensor(shape, element)}) -> {tensor(grown, element)}",
        grown,
        element,
    )


def _transpose(w: Writer) -> None:
    value = w.pick(rank=2)
    if value is None:
        return
    name, shape, element = value
    order = w.draw(st.permutations(range(len(shape))))
    turned = tuple(shape[dim] for dim in order)
    w.add(
        f"stablehlo.transpose {name}, dims = [{', '.join(map(str, order))}] : ({tensor(shape, element)}) -> {tensor(turned, element)}",
        turned,
        element,
    )


def _reshape(w: Writer) -> None:
    value = w.pick(rank=1)
    if value is None:
        return
    name, shape, element = value
    dim = w.draw(st.integers(0, len(shape) - 1))
    if len(shape) > 1 and dim + 1 < len(shape) and w.draw(st.booleans()):
        new = (*shape[:dim], shape[dim] * shape[dim + 1], *shape[dim + 2 :])
    elif shape[dim] % 2 == 0 and len(shape) < 4:
        part = w.draw(st.sampled_from([2, shape[dim] // 2]))
        new = (*shape[:dim], part, shape[dim] // part, *shape[dim + 1 :])
    else:
        return
    w.add(f"stablehlo.reshape {name} : ({tensor(shape, element)}) -> {tensor(new, element)}", new, element)


def _dot(w: Writer) -> None:
    one, other = w.pick(element="f32", rank=1), w.pick(element="f32", rank=1)
    if one is None or other is None or len(one[1]) + len(other[1]) > 5:
        return
    pairs = [(i, j) for i, a in enumerate(one[1]) for j, b in enumerate(other[1]) if a == b]
    if not pairs:
        return
    i, j = w.draw(st.sampled_from(pairs))
    more = [(a, b) for a, b in pairs if a != i and b != j]
    batching = [w.draw(st.sampled_from(more))] if more and w.draw(st.booleans()) else []
    left = [size for dim, size in enumerate(one[1]) if dim != i and dim not in {a for a, _ in batching}]
    right = [size for dim, size in enumerate(other[1]) if dim != j and dim not in {b for _, b in batching}]
    shape = (*(one[1][a] for a, _ in batching), *left, *right)
    kept = f"batching_dims = [{batching[0][0]}] x [{batching[0][1]}], " if batching else ""
    w.add(
        f"stablehlo.dot_general {one[0]}, {other[0]}, {kept}contracting_dims = [{i}] x [{j}] : ({tensor(one[1], 'f32')}, {tensor(other[1], 'f32')}) -> {tensor(shape, 'f32')}",
        shape,
        "f32",
    )


def _slice(w: Writer) -> None:
    value = w.pick(rank=1)
    if value is None:
        return
    name, shape, element = value
    dim = w.draw(st.integers(0, len(shape) - 1))
    start = w.draw(st.integers(0, shape[dim] - 1))
    stop = w.draw(st.integers(start + 1, shape[dim]))
    ranges = ", ".join(f"{start}:{stop}" if d == dim else f"0:{size}" for d, size in enumerate(shape))
    cut = tuple(stop - start if d == dim else size for d, size in enumerate(shape))
    w.add(f"stablehlo.slice {name} [{ranges}] : ({tensor(shape, element)}) -> {tensor(cut, element)}", cut, element)


def _concatenate(w: Writer) -> None:
    one = w.pick(rank=1)
    if one is None:
        return
    name, shape, element = one
    other = w.pick(element=element, shape=shape)
    assert other is not None
    dim = w.draw(st.integers(0, len(shape) - 1))
    joined = tuple(size * 2 if d == dim else size for d, size in enumerate(shape))
    if joined[dim] > 16:
        return
    w.add(
        f"stablehlo.concatenate {name}, {other[0]}, dim = {dim} : ({tensor(shape, element)}, {tensor(shape, element)}) -> {tensor(joined, element)}",
        joined,
        element,
    )


def _reverse(w: Writer) -> None:
    value = w.pick(rank=1)
    if value is None:
        return
    name, shape, element = value
    w.add(
        f"stablehlo.reverse {name}, dims = [{w.draw(st.integers(0, len(shape) - 1))}] : {tensor(shape, element)}",
        shape,
        element,
    )


def _pad(w: Writer) -> None:
    value = w.pick(rank=1)
    if value is None:
        return
    name, shape, element = value
    fill = w.pick(element=element, shape=()) or (w.constant((), element), (), element)
    dim, low, high, inner = (
        w.draw(st.integers(0, len(shape) - 1)),
        w.draw(st.integers(-1, 1)),
        w.draw(st.integers(-1, 1)),
        w.draw(st.integers(0, 1)),
    )
    size = shape[dim] + max(shape[dim] - 1, 0) * inner + low + high
    if size < 1 or size > 16:
        return
    grown = tuple(size if d == dim else s for d, s in enumerate(shape))
    edges = [", ".join(str(edge if d == dim else 0) for d in range(len(shape))) for edge in (low, high, inner)]
    w.add(
        f"stablehlo.pad {name}, {fill[0]}, low = [{edges[0]}], high = [{edges[1]}], interior = [{edges[2]}] : ({tensor(shape, element)}, {tensor((), element)}) -> {tensor(grown, element)}",
        grown,
        element,
    )


def _iota(w: Writer) -> None:
    value = w.pick(rank=1)
    shape = value[1] if value else (w.rows,)
    element = w.draw(st.sampled_from(["f32", "i32"]))
    w.add(f"stablehlo.iota dim = {w.draw(st.integers(0, len(shape) - 1))} : {tensor(shape, element)}", shape, element)


def _dynamic_slice(w: Writer) -> None:
    value, index = w.pick(rank=1), w.pick(element="i32", shape=())
    if value is None or index is None:
        return
    name, shape, element = value
    sizes = tuple(w.draw(st.integers(1, size)) if w.draw(st.booleans()) else size for size in shape)
    starts = ", ".join([index[0]] * len(shape))
    w.add(
        f"stablehlo.dynamic_slice {name}, {starts}, sizes = [{', '.join(map(str, sizes))}] : ({tensor(shape, element)}, {', '.join(['tensor<i32>'] * len(shape))}) -> {tensor(sizes, element)}",
        sizes,
        element,
    )


def _dynamic_update_slice(w: Writer) -> None:
    value, index = w.pick(rank=1), w.pick(element="i32", shape=())
    if value is None or index is None:
        return
    name, shape, element = value
    fitting = [
        v
        for v in w.values
        if v[2] == element and len(v[1]) == len(shape) and all(a <= b for a, b in zip(v[1], shape, strict=True))
    ]
    update = w.draw(st.sampled_from(fitting))
    starts = ", ".join([index[0]] * len(shape))
    w.add(
        f"stablehlo.dynamic_update_slice {name}, {update[0]}, {starts} : ({tensor(shape, element)}, {tensor(update[1], element)}, {', '.join(['tensor<i32>'] * len(shape))}) -> {tensor(shape, element)}",
        shape,
        element,
    )


def _gather(w: Writer) -> None:
    """Rows of a table by an index vector."""
    table, index = w.pick(rank=1), w.pick(element="i32", rank=1)
    if table is None or index is None or len(index[1]) != 1:
        return
    name, shape, element = table
    result = (*index[1], *shape[1:])
    offset = ", ".join(str(dim) for dim in range(1, len(result)))
    sizes = ", ".join(map(str, (1, *shape[1:])))
    w.add(
        f'"stablehlo.gather"({name}, {index[0]}) {{dimension_numbers = #stablehlo.gather<offset_dims = [{offset}], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: {sizes}>}} : ({tensor(shape, element)}, {tensor(index[1], "i32")}) -> {tensor(result, element)}',
        result,
        element,
    )


def _scatter(w: Writer) -> None:
    """Updates into rows of a table by an index vector."""
    index = w.pick(element="i32", rank=1)
    updates = w.pick(element="f32", rank=1)
    if index is None or updates is None or len(index[1]) != 1 or updates[1][0] != index[1][0]:
        return
    fitting = [v for v in w.values if v[2] == "f32" and len(v[1]) == len(updates[1]) and v[1][1:] == updates[1][1:]]
    name, shape, _ = w.draw(st.sampled_from(fitting))
    op = w.draw(st.sampled_from(["add", "maximum", "set"]))
    window = ", ".join(str(dim) for dim in range(1, len(shape)))
    inner = (
        "stablehlo.return %rb : tensor<f32>"
        if op == "set"
        else f"%rt = stablehlo.{op} %ra, %rb : tensor<f32>\nstablehlo.return %rt : tensor<f32>"
    )
    w.add(
        f'"stablehlo.scatter"({name}, {index[0]}, {updates[0]}) ({{ ^bb0(%ra: tensor<f32>, %rb: tensor<f32>):\n{inner} }}) {{scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [{window}], inserted_window_dims = [0], scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}} : ({tensor(shape, "f32")}, {tensor(index[1], "i32")}, {tensor(updates[1], "f32")}) -> {tensor(shape, "f32")}',
        shape,
        "f32",
    )


def _barrier(w: Writer) -> None:
    one, other = w.pick(), w.pick()
    if one is None or other is None:
        return
    number = w.count
    w.count += 1
    kinds = f"{tensor(one[1], one[2])}, {tensor(other[1], other[2])}"
    w.lines.append(f"%o{number}:2 = stablehlo.optimization_barrier {one[0]}, {other[0]} : {kinds}")
    for i, (name, shape, element) in enumerate((one, other)):
        w.values.append((f"%o{number}#{i}", shape, element))
        if name in w.touched:
            w.touched.add(f"%o{number}#{i}")


def _window(w: Writer) -> None:
    value = w.pick(element="f32", rank=1)
    if value is None:
        return
    name, shape, element = value
    dim, size, stride = w.draw(st.integers(0, len(shape) - 1)), w.draw(st.integers(1, 3)), w.draw(st.integers(1, 2))
    low = w.draw(st.integers(0, 1))
    length = (shape[dim] + low - size) // stride + 1
    if length < 1:
        return
    init = w.constant((), element, "1.0")
    result = tuple(length if d == dim else s for d, s in enumerate(shape))
    sizes, strides = (", ".join(str(n if d == dim else 1) for d in range(len(shape))) for n in (size, stride))
    padding = ", ".join(f"[{low if d == dim else 0}, 0]" for d in range(len(shape)))
    w.add(
        f'"stablehlo.reduce_window"({name}, {init}) ({{ ^bb0(%ra: tensor<f32>, %rb: tensor<f32>):\n%rt = stablehlo.maximum %ra, %rb : tensor<f32>\nstablehlo.return %rt : tensor<f32> }}) {{window_dimensions = array<i64: {sizes}>, window_strides = array<i64: {strides}>, padding = dense<[{padding}]> : tensor<{len(shape)}x2xi64>}} : ({tensor(shape, element)}, {tensor((), element)}) -> {tensor(result, element)}',
        result,
        element,
    )


def _sort(w: Writer) -> None:
    value = w.pick(element="f32", rank=1)
    if value is None:
        return
    name, shape, element = value
    dim = w.draw(st.integers(0, len(shape) - 1))
    w.add(
        f'"stablehlo.sort"({name}) ({{ ^bb0(%ra: tensor<f32>, %rb: tensor<f32>):\n%rp = stablehlo.compare LT, %ra, %rb : (tensor<f32>, tensor<f32>) -> tensor<i1>\nstablehlo.return %rp : tensor<i1> }}) {{dimension = {dim} : i64}} : ({tensor(shape, element)}) -> {tensor(shape, element)}',
        shape,
        element,
    )


def _region(w: Writer, seen: list[tuple[str, Shape, str]], ops: int) -> Writer:
    inner = Writer(w.draw, w.rows, list(seen))
    inner.count, inner.depth, inner.touched = w.count, w.depth + 1, w.touched
    for _ in range(ops):
        w.draw(st.sampled_from(_PLAIN if inner.depth > 1 else [*_PLAIN, _while, _if]))(inner)
    w.count = inner.count
    return inner


def _while(w: Writer) -> None:
    """Three turns over one or two carried values; the body captures whatever it likes."""
    carried = [value for value in (w.pick(), w.pick()) if value is not None]
    if not carried:
        return
    start, one, stop = w.constant((), "i32", "0"), w.constant((), "i32", "1"), w.constant((), "i32", "3")
    number = w.count
    w.count += 1
    names = [(f"%c{number}_{i}", shape, element) for i, (_, shape, element) in enumerate(carried)]
    counter = (f"%i{number}", (), "i32")
    w.touched |= {name[0] for name, value in zip(names, carried, strict=True) if value[0] in w.touched}
    inner = _region(w, [*w.values, counter, *names], w.draw(st.integers(1, 4)))
    returned: list[str] = []
    for _, shape, element in carried:
        inner_pick = inner.pick(element=element, shape=shape)
        assert inner_pick is not None
        returned.append(inner_pick[0])
    kinds = ", ".join(["tensor<i32>", *(tensor(shape, element) for _, shape, element in carried)])
    pairs = ", ".join(
        [f"{counter[0]} = {start}", *(f"{name[0]} = {value[0]}" for name, value in zip(names, carried, strict=True))]
    )
    body = "\n".join(inner.lines)
    w.lines.append(f"""%l{number}:{len(carried) + 1} = stablehlo.while({pairs}) : {kinds}
cond {{ %p{number} = stablehlo.compare LT, {counter[0]}, {stop} : (tensor<i32>, tensor<i32>) -> tensor<i1>
stablehlo.return %p{number} : tensor<i1> }}
do {{ {body}
%n{number} = stablehlo.add {counter[0]}, {one} : tensor<i32>
stablehlo.return {", ".join([f"%n{number}", *returned])} : {kinds} }}""")
    if any(name in w.touched for name in [*returned, *(value[0] for value in carried)]):
        w.touched |= {f"%l{number}#{i + 1}" for i in range(len(carried))}
    w.values += [(f"%l{number}#{i + 1}", shape, element) for i, (_, shape, element) in enumerate(carried)]


def _if(w: Writer) -> None:
    chosen, like = w.pick(element="i1", shape=()), w.pick()
    if chosen is None or like is None:
        return
    texts: list[str] = []
    for _ in range(2):
        inner = _region(w, w.values, w.draw(st.integers(0, 2)))
        value = inner.pick(element=like[2], shape=like[1])
        assert value is not None
        lines = "\n".join(inner.lines)
        texts.append(f"{{ {lines}\nstablehlo.return {value[0]} : {tensor(like[1], like[2])} }}")
    w.add(
        f'"stablehlo.if"({chosen[0]}) ({", ".join(texts)}) : (tensor<i1>) -> {tensor(like[1], like[2])}',
        like[1],
        like[2],
    )


_PLAIN = [
    _unary,
    _unary,
    _binary,
    _binary,
    _compare,
    _convert,
    _select,
    _reduce,
    _reduce,
    _broadcast,
    _transpose,
    _reshape,
    _dot,
    _dot,
    _slice,
    _concatenate,
    _reverse,
    _pad,
    _iota,
    _dynamic_slice,
    _dynamic_update_slice,
    _gather,
    _scatter,
    _sort,
    _barrier,
    _window,
]
_ALL = [*_PLAIN, *[_while] * 6, *[_if] * 3, *[_reduce] * 2]


@dataclass(frozen=True)
class Program:
    """A random program and how to run it."""

    text: str
    batch: tuple[int, ...]
    microbatches: int
    stages: int
    seed: int
    loss: int | None
    state: tuple[str, ...]
    dear: bool  # computing from a whole copy of the batch counts as too dear


@st.composite
def programs(draw: Callable[[st.SearchStrategy], object]) -> Program:
    """A program with two or three batch arguments, two parameters, an integer and a bool scalar."""
    rows = draw(st.sampled_from([4, 8, 6]))
    w = Writer(draw, rows)
    w.values = [
        ("%w", (4, 4), "f32"),
        ("%b", (4,), "f32"),
        ("%i", (), "i32"),
        ("%p", (), "i1"),
        ("%x", (rows, 4), "f32"),
        ("%k", (rows,), "i32"),
    ]
    if draw(st.booleans()):
        w.values.append(("%m", (rows,), "i1"))
    arguments = list(w.values)
    w.touched = {"%x", "%k", "%m"}
    for _ in range(draw(st.integers(3, 12))):
        draw(st.sampled_from(_ALL))(w)
    made = w.values[len(arguments) :] or w.values
    last = made[-3:]
    returned = [*last, *([draw(st.sampled_from(made))] if draw(st.booleans()) else [])]
    signature = ", ".join(f"{name}: {tensor(shape, element)}" for name, shape, element in arguments)
    kinds = ", ".join(tensor(shape, element) for _, shape, element in returned)
    body = "\n".join(w.lines)
    text = f"func.func @main({signature}) -> ({kinds}) {{\n{body}\nreturn {', '.join(name for name, _, _ in returned)} : {kinds}\n}}"
    batch = tuple(i for i, (name, _, _) in enumerate(arguments) if name in ("%x", "%k", "%m"))
    scalars = [i for i, (_, shape, element) in enumerate(returned) if shape == () and element == "f32"]
    fed = [
        f"{a}:{i}"
        for a, name in ((0, (4, 4)), (1, (4,)))
        for i, (_, shape, element) in enumerate(returned)
        if (shape, element) == (name, "f32")
    ]
    state = (fed[0],) if fed and draw(st.booleans()) else ()
    scalars = [i for i in scalars if not any(pair.endswith(f":{i}") for pair in state)]
    loss = draw(st.sampled_from(scalars)) if scalars else None
    divisors = [n for n in range(1, rows + 1) if rows % n == 0]
    return Program(
        text,
        batch,
        draw(st.sampled_from(divisors)),
        draw(st.integers(1, 3)),
        draw(st.integers(0, 3)),
        loss,
        state,
        draw(st.integers(0, 3)) > 0,
    )
