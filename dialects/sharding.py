"""How a tensor lies on a logical mesh, as plain data: which axes each dim is split over, and which hold unreduced parts.

``Sharding((("x",), ()), ("y",))`` is Shardy's ``<@mesh, [{"x"}, {}], unreduced={"y"}>``: dim 0 is split over x, and the true
value is the sum of what the devices along y hold. No MLIR here; ``dialects.sdy_attrs`` reads and writes the attributes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Sharding:
    """``dims[d]``: axes of dim d, major first. ``unreduced``: axes over which the value is still to be summed (sorted)."""

    dims: tuple[tuple[str, ...], ...]
    unreduced: tuple[str, ...] = ()

    @property
    def axes(self) -> tuple[str, ...]:
        """Every axis in use, dims first."""
        return (*(axis for dim in self.dims for axis in dim), *self.unreduced)

    @property
    def is_replicated(self) -> bool:
        """Whether every device holds the whole value."""
        return not self.axes

    def text(self) -> str:
        """As Shardy prints it, without the mesh: ``[{"x"}, {}], unreduced={"y"}``."""
        dims = ", ".join(f"{{{_quoted(dim)}}}" for dim in self.dims)
        return f"[{dims}]" + (f", unreduced={{{_quoted(self.unreduced)}}}" if self.unreduced else "")


def replicated(rank: int) -> Sharding:
    """The whole value on every device."""
    return Sharding(((),) * rank)


@dataclass(frozen=True, slots=True)
class MeshShape:
    """A logical mesh: axes with their sizes, major first. Device number = row-major index over the axes."""

    axes: tuple[tuple[str, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Axis names, major first."""
        return tuple(name for name, _ in self.axes)

    @property
    def num_devices(self) -> int:
        """How many devices the mesh has."""
        return prod(size for _, size in self.axes)

    def size(self, axes: Iterable[str]) -> int:
        """The product of the sizes of ``axes``."""
        used = tuple(axes)
        if not used:
            return 1
        sizes = dict(self.axes)
        return prod(sizes[axis] for axis in used)

    def local_shape(self, shape: tuple[int, ...], sharding: Sharding) -> tuple[int, ...]:
        """The shape of each device's part; dims divide, ``allows`` says so."""
        return tuple(size // self.size(axes) for size, axes in zip(shape, sharding.dims, strict=True))

    def allows(self, shape: tuple[int, ...], sharding: Sharding) -> bool:
        """Whether every split dim divides evenly and no axis is used twice."""
        for size, split in zip(shape, sharding.dims, strict=True):
            if split and size % self.size(split):
                return False
        axes = sharding.axes
        return len(set(axes)) == len(axes)

    def groups(self, axes: tuple[str, ...]) -> list[list[int]]:
        """The devices that talk in a collective over ``axes`` (ordered major first as given): rows of replica_groups."""
        strides: dict[str, int] = {}
        stride = self.num_devices
        for name, size in self.axes:
            stride //= size
            strides[name] = stride
        sizes = dict(self.axes)
        members = [0]
        for axis in axes:
            members = [base + i * strides[axis] for base in members for i in range(sizes[axis])]
        others = [0]
        for name in self.names:
            if name not in axes:
                others = [base + i * strides[name] for base in others for i in range(sizes[name])]
        return [[base + member for member in members] for base in others]


def _quoted(axes: tuple[str, ...]) -> str:
    return ", ".join(f'"{axis}"' for axis in axes)
