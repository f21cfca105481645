"""The layers of the forward part: where it could be cut, with names that people know.

An op that reads a parameter lies in that parameter's layer (``layers.0`` of ``params['layers'][0]['w']``), or, where names say
nothing, in that of its scope (``conv2d_1``), or it is one of its own. Between two layers the cut is where the least crosses.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from jaxlib.mlir import ir

from compiler.decisions.names import Names, UserName, scope_of
from compiler.spec.paths import Path, common, layer_of, says_nothing, trimmed
from compiler.spec.reads import Reads
from dialects.attributes import FOLDS
from dialects.build import call_target
from dialects.ops import body_ops, defining_op, entry_block, main_func
from passes.analysis.ops.flops import flops
from passes.analysis.ops.op_costs import is_heavy
from passes.analysis.stages.crossing import Crossing, crossing
from passes.analysis.stages.replicable import replicable_ops
from passes.stages.choose_stages import forward_chain

_DEPTH = 2  # words of a scope that make a layer: ``sequential.lstm``


@dataclass(frozen=True)
class Layer:
    """Forward ops ``first`` to ``last``, numbers in program order. ``crosses``: at a cut after it; ``op``: its last.

    ``parameter_bytes``: of what it reads, also where others read it too. ``flops``: of one run of its forward.
    """

    number: int
    name: str
    first: int
    last: int
    op: UserName
    flops: float
    parameter_bytes: float
    crosses: Crossing


@dataclass(frozen=True)
class Layers:
    """The forward part of a program: ``ops[i]`` is what op i is called, ``paths[i]`` the layers' names above it.

    ``works[i]``: whether it is more than a fold over microbatches, which stays with what it folds wherever a cut lies.
    """

    layers: tuple[Layer, ...]
    ops: tuple[UserName, ...]
    paths: tuple[Path, ...]
    crosses: tuple[Crossing, ...]
    works: tuple[bool, ...]

    def end_of(self, last: int, following: int) -> int:
        """Where to cut after op ``last`` and before op ``following``: where the least crosses, first."""
        return min(range(last, following), key=lambda at: (self.crosses[at].num_bytes, at))


def read_layers(module: ir.Module) -> Layers:
    """The layers of a module with phases (``mark-phases``), before it has stages."""
    func = main_func(module)
    chain = forward_chain(body_ops(entry_block(func))[:-1])
    reads, user = Reads(func, chain), Names()
    ops = tuple(user.of(op) for op in chain)
    paths, keys = _paths(chain, reads, ops)
    works = tuple(call_target(op) not in FOLDS or defining_op(op.operands[0]) is None for op in chain)
    found = Layers((), ops, paths, tuple(crossing(chain, replicable_ops(func))), works)
    bounds = _bounds(found, keys)
    layers: list[Layer] = []
    for number, (name, first, last) in enumerate(bounds):
        mine = range(first, last + 1)
        size = reads.num_bytes(mine)
        work = sum(flops(chain[at]) for at in mine)
        layers.append(Layer(number, name, first, last, ops[last], work, size, found.crosses[last]))
    return replace(found, layers=tuple(layers))


def _paths(
    chain: Sequence[ir.Operation], reads: Reads, ops: Sequence[UserName]
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The path of each op and the layer in it, () where it is of none: by parameters, by scopes, or by what is heavy."""
    known = [[reads.name_of(item) for item in reads.of[at]] for at in range(len(chain))]
    flat = sorted({path for found in known for path in found})
    short = dict(zip(flat, trimmed(flat), strict=True))
    by_parameter = tuple(common([short[path] for path in found]) for found in known)
    layers = tuple(common(sorted({layer_of(short[path]) for path in found})) for found in known)
    if short and not says_nothing(short.values()):
        return by_parameter, layers
    scopes = [scope_of(op) for op in chain]
    usable = [() if any("::" in word for word in scope) else scope for scope in scopes]
    if sum(map(bool, usable)) * 2 > len(chain):
        some = sorted({scope for scope in usable if scope})
        outer = common(some)[: max(0, min(map(len, some)) - 1)]
        inner = tuple(scope[len(outer) :] for scope in usable)
        return inner, tuple(scope[:_DEPTH] for scope in inner)
    if any(layers):
        return by_parameter, layers
    heavy = [at for at, op in enumerate(chain) if is_heavy(op)]
    own = dict(zip(heavy, numbered([ops[at].name for at in heavy]), strict=True))
    return ((),) * len(chain), tuple((own[at],) if at in own else () for at in range(len(chain)))


def _bounds(found: Layers, keys: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Name, first and last op of each layer; names that come again are numbered."""
    keyed = [(at, key) for at, key in enumerate(keys) if key]
    runs = [(".".join(key), [at for at, _ in items]) for key, items in groupby(keyed, lambda item: item[1])]
    if not runs:
        return [("all", 0, len(found.ops) - 1)] if found.ops else []
    ends = [found.end_of(run[-1], after[0]) for (_, run), (_, after) in pairwise(runs)]
    ends.append(len(found.ops) - 1)
    starts = [0, *(end + 1 for end in ends[:-1])]
    return list(zip(numbered([name for name, _ in runs]), starts, ends, strict=True))


def numbered(names: Sequence[str]) -> list[str]:
    """The same, with ``#1``, ``#2`` … behind a name that comes several times."""
    total, seen = Counter(names), Counter[str]()
    found: list[str] = []
    for name in names:
        seen[name] += 1
        found.append(f"{name}#{seen[name]}" if total[name] > 1 else name)
    return found
