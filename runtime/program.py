"""Gets the plan to every rank: rank 0 reads (or makes) it, the ranks that compile get their stage files.

Only rank 0 needs to see the folder.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from compiler.plan.files import decode_plan, load_plan, read_signed
from compiler.plan.records import Plan
from dialects.errors import UserError, fail
from runtime.devices.check_modules import check_program
from runtime.devices.seats import Seat, fragments_of
from runtime.transport.base import Transport

FILES_TAG = 1


class PlanFiles:
    """A plan on rank 0: the user's folder, or one made from a module, which is never on the disk: ranks are killed."""

    def __init__(self, target: str, num_devices: int, planner: dict[str, str], platform: str = "cpu") -> None:
        """Read ``target``, or plan it for devices of ``platform`` if it is a module. Raises their UserErrors."""
        path = Path(target)
        self._made: dict[str, bytes] | None = None
        if path.is_dir() or target.endswith("plan.json"):
            if planner:
                option = f"--{next(iter(planner)).replace('_', '-')}"
                fail("is for planning, and this is a plan", where=option, remedy="leave it out")
            self._path = str(path if path.is_dir() else path.parent)
            self.plan: Plan = load_plan(self._path)
        else:
            self.plan, self._made = _make_plan(target, num_devices, planner, platform)
        self.program = self.read(self.plan.program)
        self.state = check_program(self.plan, self.program)  # argument -> result, as the program says

    def read(self, file: str) -> bytes:
        """One file of the plan, as it was signed."""
        return read_signed(self._path, self.plan, file) if self._made is None else self._made[file]

    def drop(self, *, program: bool) -> None:
        """What was made is not needed any more; nor the ``program``, if so."""
        self._made = None if self._made is None else {}
        if program:
            self.program = b""


def _make_plan(target: str, num_devices: int, planner: dict[str, str], platform: str) -> tuple[Plan, dict[str, bytes]]:
    """Plan a module with the options that ``planner``'s words say, and check the plan as one that is read."""
    from compiler.cli.options import plan_options
    from compiler.driver import plan_unwritten

    words = {"platform" if name == "module_platform" else name: word for name, word in planner.items()}
    try:
        options = plan_options(words, devices=num_devices, devices_platform=platform)
        made, files = plan_unwritten(target, options)
    except UserError as error:  # the launcher's own --platform is about devices
        where, remedy = (text.replace("--platform", "--module-platform") for text in (error.where, error.remedy))
        raise UserError(error.message, where=where, remedy=remedy) from error
    return decode_plan(msgspec.json.encode(made), target), files


def share_plan(files: PlanFiles | None, transport: Transport) -> Plan:
    """Rank 0's plan, on every rank. Collective; ``files`` on rank 0 only."""
    data = transport.broadcast(msgspec.json.encode(files.plan) if files is not None else None)
    return msgspec.json.decode(data, type=Plan)


def share_files(files: PlanFiles | None, plan: Plan, seats: list[Seat], transport: Transport) -> dict[str, bytes]:
    """The stage files of this rank's mesh by fragment name, on device 0 of each mesh, which compiles; else {}."""
    mine: dict[str, bytes] = {}
    me = seats[transport.rank]
    for seat in seats:
        if seat.device != 0:
            continue
        names = [(fragment.name, fragment.file) for fragment in fragments_of(plan, seat.mesh)]
        if files is not None and seat.rank != 0:
            data = np.frombuffer(msgspec.msgpack.encode({name: files.read(file) for name, file in names}), np.uint8)
            transport.send(np.array([data.size], np.int64), seat.rank, FILES_TAG)
            transport.send(data, seat.rank, FILES_TAG)
        elif files is not None:
            mine = {name: files.read(file) for name, file in names}
    if files is None and me.device == 0:
        size = int(transport.receive((1,), np.dtype(np.int64), 0, FILES_TAG).wait()[0])
        data = transport.receive((size,), np.dtype(np.uint8), 0, FILES_TAG).wait()
        mine = msgspec.msgpack.decode(data.tobytes(), type=dict[str, bytes])
    transport.flush()
    return mine
