"""The part of a plan that says how shardings were chosen, for people and other tools: the runtime does not look at it.

One record a mesh. No seconds of planning in it: the same input gives the same plan, byte for byte.
"""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the records below."""


class CertificateRecord(Record, frozen=True):
    """How good the choice is. ``gap`` = (objective - bound) / objective; 0 is proved optimal. The core is what shrinking left."""

    objective_s: float
    bound_s: float
    gap: float
    method: str
    num_nodes: int
    num_edges: int
    core_nodes: int
    core_edges: int


class CollectiveRecord(Record, frozen=True):
    """Collectives of one kind and size. ``num_bytes``: a device's, of the larger side; ``seconds``: of all ``times`` in a step.

    all_slice keeps a part of what is there: no device talks to another.
    """

    kind: str
    axes: tuple[str, ...]
    num_bytes: float
    times: float
    seconds: float


class AlternativeRecord(Record, frozen=True):
    """Another sharding of a group, with all other groups as they are: it costs ``extra_s`` a step more.

    ``fits``: whether the memory limit would still hold.
    """

    sharding: str
    extra_s: float
    fits: bool


class GroupRecord(Record, frozen=True):
    """An op, a cluster of elementwise ops with one sharding, or a value that fragments share; and ``count - 1`` others like it.

    ``name``, ``location``: of the user's program; the numbers in which merged groups differ are ``*``. ``sharding``: operands ->
    result as ``[x, -] [-, y] -> [x, y] sum z``: dim 0 over axis x, dim 1 whole …, still to be summed over z.
    Seconds are of a step, all ``count`` together: ``compute_s`` + ``reduction_s`` (sums over devices) + ``reshard_s`` (all else).
    """

    name: str
    location: str
    kind: str  # "op" | "cluster" | "value" | "loop"
    ops: tuple[str, ...]
    count: int
    phase: str  # "" of a value
    dtype: str
    shape: tuple[int, ...]
    sharding: str
    compute_s: float
    reduction_s: float
    reshard_s: float
    collectives: tuple[CollectiveRecord, ...]
    alternatives: tuple[AlternativeRecord, ...]

    @property
    def seconds(self) -> float:
        """All its seconds of a step."""
        return self.compute_s + self.reduction_s + self.reshard_s


class MemoryRecord(Record, frozen=True):
    """Bytes on each device by class at the fullest moment, which is in fragment ``moment``; {} when nothing takes any."""

    moment: str
    limit_bytes: float
    bytes_of: dict[str, float]


class LandingRecord(Record, frozen=True):
    """Value ``value`` of another mesh, split further where it arrives (``lands``) than readers want it (``wanted``): per dim, axes.

    ``collectives``: reshards of a step that spread it; ``instead``: those of the groups that are not made then. All of a step
    takes ``saved_s`` less than sending a copy to every device that holds one.
    """

    value: str
    wanted: tuple[tuple[str, ...], ...]
    lands: tuple[tuple[str, ...], ...]
    collectives: tuple[CollectiveRecord, ...]
    instead: tuple[CollectiveRecord, ...]
    saved_s: float


class BucketRecord(Record, frozen=True):
    """Collectives that travel as one in ``fragment``, ``times`` a step: ``member_bytes`` of each on a device, of its larger side.

    ``latency_s``: seconds a step that it costs besides what its members' bytes take.
    """

    fragment: str
    kind: str
    axes: tuple[str, ...]
    dtype: str
    member_bytes: tuple[float, ...]
    times: float
    latency_s: float


class DecisionRecord(Record, frozen=True):
    """The intra-operator decision of mesh ``mesh``: its logical axes, who chose, how well, and what came of it.

    ``shared_s``: seconds a step that the objective counts twice, for equal reshards of one value that are made once. All groups,
    this and the latencies of the ``buckets`` add up to the objective; a collective of a group that travels in a bucket has only
    the seconds of its bytes there. ``landings``: what was changed afterwards for values that come from other meshes.
    """

    mesh: int
    axes: dict[str, int]
    chooser: str
    certificate: CertificateRecord
    memory: MemoryRecord
    groups: tuple[GroupRecord, ...]  # dearest first
    remarks: tuple[str, ...] = ()
    shared_s: float = 0.0
    landings: tuple[LandingRecord, ...] = ()
    buckets: tuple[BucketRecord, ...] = ()


# The classes of `MemoryRecord.bytes_of`, in the order of tables.
CLASSES = (
    "parameters",
    "optimizer",
    "gradients and accumulators",
    "activations",
    "batch",
    "other arguments",
    "values of the step",
    "temporaries",
)
