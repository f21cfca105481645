"""The schedules that there are, each a few ordering rules."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """What makes a schedule, beyond data dependencies. Needs ``depth[s]``: stages from s on, as meshes change.

    ``bound_in_flight``: at most depth[s] microbatches are forwarded and not yet backwarded at stage s.
    ``all_forwards_first``: no backward of a stage before its last forward.
    """

    bound_in_flight: bool
    all_forwards_first: bool


SCHEDULES: Mapping[str, Rules] = {
    "gpipe": Rules(bound_in_flight=False, all_forwards_first=True),
    "1f1b": Rules(bound_in_flight=True, all_forwards_first=False),
}
