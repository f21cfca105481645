"""The plan: all that compiler and runtime say to each other. A folder with plan.json, program.mlir and stages/*.mlir.

Only data: msgspec decodes JSON into these frozen types and refuses anything else, so loading a plan can execute nothing.
docs/plan-format.md explains every field; ``plan_schema()`` is the published JSON schema.
"""

from __future__ import annotations

import inspect
from typing import Any, Literal

import msgspec

from compiler.plan.decisions import DecisionRecord

VERSION = 1

Sharding = tuple[tuple[str, ...], ...]  # per dim, the mesh axes that split it, major first; () = not split


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=False):
    """Base of all plan records: immutable, and an unknown field is an error."""


class Axis(Struct, frozen=True):
    """One axis of a mesh."""

    name: str
    size: int


class Mesh(Struct, frozen=True):
    """Devices that run the same stages. ``ranks[i]`` is the MPI rank of device i; axes are row-major over the devices."""

    name: str
    ranks: tuple[int, ...]
    axes: tuple[Axis, ...]


class Placement(Struct, frozen=True):
    """A value on one mesh: split as ``sharding`` says, replicated over the axes that it does not name."""

    mesh: int
    sharding: Sharding


ArgumentRole = Literal["parameter", "optimizer", "state", "batch", "constant"]
ResultRole = Literal["state", "loss", "metric", "output"]
ValueKind = Literal["argument", "batch", "microbatch", "step", "index"]


class Value(Struct, frozen=True):
    """A value that fragments read or write. ``shape`` is the whole (mesh-wide) shape of one instance.

    kind: "argument" lives from the start of the step (state, constants, whole batch arguments);
    "batch" is the slice of a batch argument that one microbatch sees, one instance per microbatch, fed by the runtime:
    its m-th part along the dim that the argument names;
    "microbatch" has one instance per microbatch; "step" one per step (accumulators included: each run replaces it);
    "index" is the microbatch number itself, an int32 scalar, fed by the runtime.
    """

    id: str
    kind: ValueKind
    dtype: str  # MLIR element type: f32, bf16, i1, ui32, complex<f32>, f8E4M3FN …
    shape: tuple[int, ...]
    placements: tuple[Placement, ...]
    argument: int | None = None  # for kinds "argument" and "batch"


class Part(Struct, frozen=True):
    """Rows [start, stop) along dim 0 of the user's argument or result ``of``, which the plan holds in parts."""

    of: int
    start: int
    stop: int


class Argument(Struct, frozen=True):
    """Argument ``index`` of the user's program, or a part of one. ``state_result``: the result that is its value in the next step.

    ``batch_dim`` and ``batch_outer``, of a batch: that dim of its shape is [outer, microbatches, rest], major first.
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    role: ArgumentRole
    state_result: int | None = None
    exclusive_bound: int | None = None  # for generated integers: values in [0, bound)
    batch_dim: int = 0
    batch_outer: int = 1
    part: Part | None = None


class Result(Struct, frozen=True):
    """Result ``index`` of the user's program and the value that holds it after the step (``value`` may be an argument)."""

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    role: ResultRole
    value: str
    state_arg: int | None = None
    part: Part | None = None


Phase = Literal["setup", "forward", "backward", "update"]


class Fragment(Struct, frozen=True):
    """One compiled program: the part of one phase that one stage runs.

    ``file`` is a StableHLO module whose @main takes ``inputs`` and gives ``outputs`` (value ids, in order) with
    ``sdy.sharding`` on each; inputs at the positions in ``donated`` may be overwritten (their value dies or is replaced).
    ``flops`` is of the whole mesh; ``temp_bytes`` is per device what a run needs besides inputs and outputs (estimated).
    """

    name: str
    stage: int
    phase: Phase
    mesh: int
    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    donated: tuple[int, ...]
    flops: float
    temp_bytes: float


class Run(Struct, frozen=True, tag_field="op", tag="run"):
    """Execute a fragment. ``microbatch`` is None for phases that run once per step."""

    fragment: str
    microbatch: int | None = None


class Send(Struct, frozen=True, tag_field="op", tag="send"):
    """Send one instance of a value to another mesh, from this mesh's placement to that one's. Never blocks.

    ``joined``: in the messages of the send before it, which goes to the same mesh: what one device has for another is one message.
    """

    value: str
    to: int
    microbatch: int | None = None
    joined: bool = False


class Recv(Struct, frozen=True, tag_field="op", tag="recv"):
    """Wait for one instance of a value from another mesh. Messages between two meshes arrive in the order sent.

    ``joined``: in the messages of the receive before it, as it was sent.
    """

    value: str
    source: int
    microbatch: int | None = None
    joined: bool = False


class Free(Struct, frozen=True, tag_field="op", tag="free"):
    """Drop one instance of a value: nothing later in this list reads it."""

    value: str
    microbatch: int | None = None


Instruction = Run | Send | Recv | Free


class Slot(Struct, frozen=True):
    """One cell of the schedule's clock table: at ``clock``, ``stage`` works on ``microbatch`` in ``phase``."""

    clock: int
    stage: int
    phase: Phase
    microbatch: int | None = None


class Prediction(Struct, frozen=True):
    """What the compiler expects. Times in seconds, memory in bytes per device of each mesh."""

    step_s: float
    stage_forward_s: tuple[float, ...]
    stage_backward_s: tuple[float, ...]
    mesh_argument_bytes: tuple[float, ...]
    mesh_peak_bytes: tuple[float, ...]
    transfer_bytes_per_step: float
    bubble_fraction: float


class Stage(Struct, frozen=True):
    """A stage of the forward part: the mesh that runs it, and what the cut after it is called; the last has none."""

    mesh: int
    until: str = ""


class Machine(Struct, frozen=True):
    """The part of the machine description that a reader of the plan wants to know."""

    name: str
    hosts: int
    devices_per_host: int
    memory_bytes: float


class Plan(Struct, frozen=True):
    """Everything the runtime needs. ``instructions[i]`` is the list that mesh i runs once per step."""

    version: int
    name: str
    machine: Machine
    schedule: str
    microbatches: int
    num_stages: int
    batch_size: int | None
    program: str  # file: the user's whole program, for --verify
    meshes: tuple[Mesh, ...]
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    values: tuple[Value, ...]
    fragments: tuple[Fragment, ...]
    instructions: tuple[tuple[Instruction, ...], ...]
    slots: tuple[Slot, ...]
    prediction: Prediction
    remarks: tuple[str, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()  # how the shardings were chosen, one a mesh, for people
    stages: tuple[Stage, ...] = ()  # what `explain --spec` prints; () in plans of before it
    digests: dict[str, str] = {}  # file -> sha256, checked on load


def plan_schema() -> dict[str, Any]:
    """The JSON schema of plan.json, the same from every Python: 3.13 takes the indent off docstrings, older ones leave it."""
    schema = msgspec.json.schema(Plan)
    for record in schema["$defs"].values():
        record["description"] = inspect.cleandoc(record["description"])
    return schema
