"""How a value that comes from another mesh should lie where it arrives: split further than its readers want, if that is cheaper.

Devices that want the same need not all be sent it over the slow wire: each gets another part, and the mesh gathers them over its
own links where the value is read. Of all refinements of what the readers want, the one with the fewest seconds a step is taken,
wire and collectives together; the sharding itself, which sends a copy to every device, is one of them. A dim that an axis does not
divide is not split over it. (AlpaComm, Zhuang et al., MLSys'23, broadcasts among the receivers; here it is their own all-gather.)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from dialects.sharding import MeshShape, Sharding
from passes.solvers.costs.reshard import Step

Path = Callable[[Sharding, Sharding], tuple[Step, ...] | None]  # the cheapest reshard of the value, None: there is none
Wire = Callable[[Sharding], float]  # seconds a step until the value is there in that sharding


@dataclass(frozen=True)
class Reader:
    """A fragment that reads the value ``runs`` times a step: as it is (``whole``), and resharded to each of ``targets``."""

    runs: float
    whole: bool
    targets: tuple[Sharding, ...]


@dataclass(frozen=True)
class Landing:
    """``sharding``: how the value arrives. ``seconds``: a step, wire and reshards; ``direct_s``: if it arrived as it is wanted."""

    sharding: Sharding
    seconds: float
    direct_s: float


def refinements(wanted: Sharding, shape: Sequence[int], mesh: MeshShape) -> Iterator[Sharding]:
    """``wanted``, then all ways to split its dims by unused axes too, at their minor ends."""
    unused = [name for name, size in mesh.axes if size > 1 and name not in wanted.axes]
    for places in product(range(-1, len(shape)), repeat=len(unused)):
        added = [[name for name, at in zip(unused, places, strict=True) if at == dim] for dim in range(len(shape))]
        for orders in product(*(permutations(axes) for axes in added)):
            found = Sharding(tuple((*old, *new) for old, new in zip(wanted.dims, orders, strict=True)))
            if mesh.allows(tuple(shape), found):
                yield found


def choose_landing(
    wanted: Sharding, shape: Sequence[int], mesh: MeshShape, readers: Sequence[Reader], wire: Wire, path: Path
) -> Landing:
    """The cheapest refinement of ``wanted``; of equal ones the first, so that nothing changes without a gain."""
    best: Landing | None = None
    direct_s = wire(wanted) + _spread_s(wanted, wanted, readers, path)
    for found in refinements(wanted, shape, mesh):
        first_s = wire(found)
        if best is not None and first_s >= best.seconds:
            continue
        seconds = first_s + _spread_s(found, wanted, readers, path)
        if best is None or seconds < best.seconds:
            best = Landing(found, seconds, direct_s)
    return best or Landing(wanted, direct_s, direct_s)


def _spread_s(lands: Sharding, wanted: Sharding, readers: Sequence[Reader], path: Path) -> float:
    """Seconds a step of all reshards of the readers, if the value lies as ``lands``."""
    total = 0.0
    for reader in readers:
        total += reader.runs * (_path_s(path(lands, wanted)) if reader.whole else 0.0)
        for target in reader.targets:
            total += reader.runs * _path_s(path(start_of(lands, wanted, target, reader, path), target))
    return total


def start_of(lands: Sharding, wanted: Sharding, target: Sharding, reader: Reader, path: Path) -> Sharding:
    """Where a reshard to ``target`` had best begin: at what arrives, or at what the reader has gathered anyway."""
    from_whole, from_landed = _path_s(path(wanted, target)), _path_s(path(lands, target))
    return wanted if reader.whole and from_whole <= from_landed else lands


def _path_s(steps: tuple[Step, ...] | None) -> float:
    return float("inf") if steps is None else sum(step.seconds for step in steps)
