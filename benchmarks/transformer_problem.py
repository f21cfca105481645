"""A sharding problem shaped like a transformer's training step, without any IR: numbers for the solver's benchmark and tests.

Per layer: layer norms, fused qkv, attention, two residuals, an MLP; the same backward; and for every weight its two backward
dots, an accumulator and Adam. A strategy gives each mesh axis a factor of the op, nothing, or (linear ops) a sum not done yet.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from passes.solvers.shardings.problem import Costs, Edge, MemoryRow, Node, ShardingProblem

AXES = (2, 4)  # devices along each mesh axis
_SECONDS_PER_BYTE = (1 / 25e9, 1 / 150e9)  # over each axis
_LATENCY_S = 5e-6
_FLOPS, _MEMORY_BYTES_PER_S = 60e12, 800e9
State = str  # of a value along one axis: "0", "1", … a dim; "R" repeated; "P" a sum not done yet


@cache
def _move_s(size: float, before: tuple[State, ...], after: tuple[State, ...]) -> float:
    """Seconds to bring ``size`` bytes (the whole value) from one state per axis to another."""
    total, local = 0.0, size / math.prod(n for n, s in zip(AXES, after, strict=True) if s not in "RP")
    for old, new, devices, byte_s in zip(before, after, AXES, _SECONDS_PER_BYTE, strict=True):
        if old == new or (old == "R" and new != "P"):
            continue
        if new == "P":
            return math.inf
        share = (devices - 1) / devices
        moved = {"P": 2.0 * share if new == "R" else share, "R": 0.0}.get(old, share if new == "R" else share / devices)
        total += _LATENCY_S + local * (devices if new != "R" else 1) * moved * byte_s
    return total


@dataclass(frozen=True)
class Value:
    """Who makes it, its bytes, and its state in each of the maker's strategies."""

    node: int
    size: float
    states: tuple[tuple[State, ...], ...]


@cache
def _moves(size: float, before: tuple[tuple[State, ...], ...], after: tuple[tuple[State, ...], ...]) -> Costs:
    return np.array([[_move_s(size, a, b) for b in after] for a in before])


@cache
def _node_costs(work: float, moved: float, parts: tuple[int, ...]) -> Costs:
    return np.array([(work / _FLOPS + moved / _MEMORY_BYTES_PER_S) / part for part in parts])


@cache
def _bytes(size: float, states: tuple[tuple[State, ...], ...]) -> Costs:
    return np.array([size / math.prod(n for n, s in zip(AXES, each, strict=True) if s not in "RP") for each in states])


class Step:
    """Collects nodes and edges. Dims are letters: op("mk,kn->mn", a, b) multiplies."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self.sizes = sizes
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.bytes_of: dict[int, Costs] = {}

    def op(self, rule: str, *operands: Value, linear: bool = False, save: bool = False, free: bool = False) -> Value:
        """One op: its node, an edge from every operand. ``save``: its result lives until the backward pass is over."""
        ins, _, out = rule.partition("->")
        dims = ins.split(",") if ins else []
        factors = sorted(set("".join(dims)) | set(out))
        choices = [*factors, "-", *("+" if linear else "")]
        kept = list(product(choices, repeat=len(AXES)))
        parts = tuple(math.prod(n for n, f in zip(AXES, each, strict=True) if f not in "-+") for each in kept)
        size = 2.0 * math.prod(self.sizes[d] for d in out)
        work = 2.0 * math.prod(self.sizes[f] for f in factors) if len(dims) > 1 and set(factors) - set(out) else 0.0
        number = len(self.nodes)
        self.nodes.append(Node(f"{rule} {number}", _node_costs(work, 0.0 if free or work else size, parts)))
        for operand, letters in zip(operands, dims, strict=True):
            wanted = tuple(tuple(_operand(f, letters) for f in each) for each in kept)
            self.edges.append(Edge(operand.node, number, _moves(operand.size, operand.states, wanted)))
        states = tuple(tuple(_result(f, out) for f in each) for each in kept)
        if save:
            self.bytes_of[number] = _bytes(size, states)
        return Value(number, size, states)

    def tie(self, first: Value, second: Value) -> None:
        """Two values in the same place: state before and after the step."""
        table = _same(first.states, second.states)
        self.edges.append(Edge(first.node, second.node, table))


@cache
def _same(first: tuple[tuple[State, ...], ...], second: tuple[tuple[State, ...], ...]) -> Costs:
    return np.array([[0.0 if a == b and "P" not in a else math.inf for b in second] for a in first])


def _operand(factor: str, letters: str) -> State:
    if factor == "+":
        return "P"
    return str(letters.index(factor)) if factor in letters else "R"


def _result(factor: str, letters: str) -> State:
    if factor in "-+":
        return "R" if factor == "-" else "P"
    return str(letters.index(factor)) if factor in letters else "P"


def transformer(layers: int, *, hidden: int = 8192, limit_bytes: Sequence[float] = ()) -> ShardingProblem:
    """The step of a GPT with 8 sequences of 1024 tokens. m tokens, k hidden, n wide, b sequences, s and t positions, h heads."""
    step = Step(
        {
            "m": 8192,
            "k": hidden,
            "n": 4 * hidden,
            "q": 3 * hidden,
            "b": 8,
            "s": 1024,
            "t": 1024,
            "h": 64,
            "d": hidden // 64,
            "j": hidden,
        }
    )
    weights: list[tuple[Value, str]] = []

    def weight(dims: str) -> Value:
        value = step.op(f"->{dims}", free=True, save=True)
        weights.append((value, dims))
        return value

    def norm(x: Value) -> Value:
        mean = step.op("mk->m", x, linear=True)
        centered = step.op("mk,m->mk", x, mean)
        variance = step.op("mk->m", centered)
        return step.op("mk,m->mk", centered, step.op("m->m", variance), save=True)

    def norm_back(normed: Value, dy: Value) -> Value:
        product_ = step.op("mk,mk->mk", normed, dy)
        mean = step.op("mk->m", product_, linear=True)
        scaled = step.op("mk,m->mk", normed, mean)
        return step.op("mk,mk->mk", dy, scaled)

    x = step.op("->mk", free=True)
    tape: list[tuple[Value, ...]] = []
    for _ in range(layers):
        a = norm(x)
        wq, wo, w1, w2 = weight("kq"), weight("jk"), weight("kn"), weight("nk")
        qkv = step.op("mk,kq->mq", a, wq, save=True)
        q, k, v = (step.op("bshd->bshd", _view(qkv), linear=True) for _ in range(3))
        scores = step.op("bshd,bthd->bhst", q, k)
        top = step.op("bhst->bhs", scores)
        shifted = step.op("bhst,bhs->bhst", scores, top)
        exponent = step.op("bhst->bhst", shifted)
        total = step.op("bhst->bhs", exponent, linear=True)
        soft = step.op("bhst,bhs->bhst", exponent, total, save=True)
        mixed = step.op("bhst,bthd->bshd", soft, v, save=True)
        attended = step.op("mj,jk->mk", _view(mixed), wo)
        x1 = step.op("mk,mk->mk", x, attended, linear=True, save=True)
        c = norm(x1)
        wide = step.op("mk,kn->mn", c, w1, save=True)
        cubic = step.op("mn->mn", wide)
        tanh = step.op("mn,mn->mn", wide, cubic)
        active = step.op("mn,mn->mn", wide, tanh, save=True)
        down = step.op("mn,nk->mk", active, w2)
        tape.append((x, a, wq, wo, w1, w2, q, k, v, soft, mixed, x1, c, wide, active))
        x = step.op("mk,mk->mk", x1, down, linear=True, save=True)
    dx = step.op("mk->mk", x)
    gradients: dict[int, Value] = {}
    for _, a, wq, wo, w1, w2, q, k, v, soft, mixed, _, c, wide, active in reversed(tape):
        gradients[w2.node] = step.op("mn,mk->nk", active, dx)
        da = step.op("mk,nk->mn", dx, w2)
        slope = step.op("mn->mn", wide)
        dwide = step.op("mn,mn->mn", da, slope)
        gradients[w1.node] = step.op("mk,mn->kn", c, dwide)
        dc = step.op("mn,kn->mk", dwide, w1)
        dx = step.op("mk,mk->mk", dx, norm_back(c, dc), linear=True)
        gradients[wo.node] = step.op("mj,mk->jk", _view(mixed), dx)
        dmixed = _view(step.op("mk,jk->mj", dx, wo))
        dsoft = step.op("bshd,bthd->bhst", dmixed, v)
        dv = step.op("bhst,bshd->bthd", soft, dmixed)
        weighted = step.op("bhst,bhst->bhst", dsoft, soft)
        total = step.op("bhst->bhs", weighted, linear=True)
        dscores = step.op("bhst,bhs->bhst", weighted, total)
        dq = step.op("bhst,bthd->bshd", dscores, k)
        dk = step.op("bhst,bshd->bthd", dscores, q)
        parts = step.op("bshd,bshd,bshd->bshd", dq, dk, dv, linear=True)
        dqkv = _view(parts)
        gradients[wq.node] = step.op("mk,mq->kq", a, dqkv)
        da = step.op("mq,kq->mk", dqkv, wq)
        dx = step.op("mk,mk->mk", dx, norm_back(a, da), linear=True)
    for value, dims in weights:
        pair = f"{dims},{dims}->{dims}"
        total = step.op(f"{dims}->{dims}", gradients[value.node], linear=True, save=True)
        first, second = step.op(f"->{dims}", free=True, save=True), step.op(f"->{dims}", free=True, save=True)
        new_first = step.op(pair, first, total, linear=True)
        new_second = step.op(pair, second, step.op(f"{dims}->{dims}", total))
        rate = step.op(pair, new_first, step.op(f"{dims}->{dims}", new_second))
        new = step.op(pair, value, rate)
        for old, after in ((first, new_first), (second, new_second), (value, new)):
            step.tie(old, after)
    rows = tuple(MemoryRow(f"moment {i}", limit, dict(step.bytes_of)) for i, limit in enumerate(limit_bytes))
    return ShardingProblem(tuple(step.nodes), tuple(step.edges), rows)


def _view(value: Value) -> Value:
    """A reshape between [tokens, width] and [sequence, position, head, dim]: sequences are rows, heads are columns."""
    wide = len({state for each in value.states for state in each} - set("RP")) > 2
    names = {"0": "0", "1": "R", "2": "1", "3": "R"} if wide else {"0": "0", "1": "2"}
    return Value(value.node, value.size, tuple(tuple(names.get(s, s) for s in each) for each in value.states))
