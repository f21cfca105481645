"""Gets the plan to every rank: rank 0 reads (or makes) it, the ranks that compile get their stage files.

Only rank 0 needs to see the folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from compiler.plan.files import load_plan, read_signed
from compiler.plan.records import Plan
from compiler.plan.scratch import Scratch
from dialects.errors import Failure, UserError, fail
from runtime.devices.check_modules import check_program
from runtime.devices.seats import Seat, fragments_of
from runtime.transport.base import Transport

FILES_TAG = 1


class PlanFolder:
    """A plan on rank 0's disk: the user's, or a temporary one made from a module. ``close`` removes the latter."""

    def __init__(self, target: str, num_devices: int, planner: dict[str, str], platform: str = "cpu") -> None:
        """Read ``target``, or plan it for devices of ``platform`` if it is a module. Raises their UserErrors."""
        self._temporary: Scratch | None = None
        path = Path(target)
        if path.is_dir() or target.endswith("plan.json"):
            if planner:
                option = f"--{next(iter(planner)).replace('_', '-')}"
                fail("is for planning, and this is a plan", where=option, remedy="leave it out")
            self.path = path if path.is_dir() else path.parent
        else:
            make_plan = _planner(
                num_devices, planner, platform
            )  # loads the compiler, which takes a while: before the folder is there
            self._temporary = _temporary()
            self.path = self._temporary.path / "plan"
            try:
                make_plan(target, str(self.path))
            except BaseException:
                self.close()
                raise
        self.plan: Plan = load_plan(str(self.path))
        self.program = self.read(self.plan.program)
        self.state = check_program(self.plan, self.program)  # argument -> result, as the program says

    def read(self, file: str) -> bytes:
        """One file of the plan, as it was signed."""
        return read_signed(str(self.path), self.plan, file)

    def close(self) -> None:
        """Remove what was made. May be called again."""
        if self._temporary is not None:
            self._temporary.remove()


def _temporary() -> Scratch:
    """A folder of its own in the system's temporary one; what killed runs left there goes."""
    try:
        return Scratch(Path(tempfile.gettempdir()), "meshwright-")
    except OSError as error:
        raise Failure(f"no temporary folder: {error.strerror or error}", where=str(error.filename or "")) from error


def _planner(num_devices: int, planner: dict[str, str], platform: str) -> Callable[[str, str], object]:
    """The planner, loaded, with the options that ``planner``'s words say: module, folder -> plan."""
    from compiler.cli.options import plan_options
    from compiler.driver import make_plan

    words = {"platform" if name == "module_platform" else name: word for name, word in planner.items()}

    def plan(target: str, out: str) -> object:
        try:
            options = plan_options(words, devices=num_devices, devices_platform=platform)
            return make_plan(target, out, options)
        except UserError as error:  # the launcher's own --platform is about devices
            where, remedy = (text.replace("--platform", "--module-platform") for text in (error.where, error.remedy))
            raise UserError(error.message, where=where, remedy=remedy) from error

    return plan


def share_plan(folder: PlanFolder | None, transport: Transport) -> Plan:
    """Rank 0's plan, on every rank. Collective; ``folder`` on rank 0 only."""
    data = transport.broadcast(msgspec.json.encode(folder.plan) if folder is not None else None)
    return msgspec.json.decode(data, type=Plan)


def share_files(folder: PlanFolder | None, plan: Plan, seats: list[Seat], transport: Transport) -> dict[str, bytes]:
    """The stage files of this rank's mesh by fragment name, on device 0 of each mesh, which compiles; else {}."""
    mine: dict[str, bytes] = {}
    me = seats[transport.rank]
    for seat in seats:
        if seat.device != 0:
            continue
        names = [(fragment.name, fragment.file) for fragment in fragments_of(plan, seat.mesh)]
        if folder is not None and seat.rank != 0:
            data = np.frombuffer(msgspec.msgpack.encode({name: folder.read(file) for name, file in names}), np.uint8)
            transport.send(np.array([data.size], np.int64), seat.rank, FILES_TAG)
            transport.send(data, seat.rank, FILES_TAG)
        elif folder is not None:
            mine = {name: folder.read(file) for name, file in names}
    if folder is None and me.device == 0:
        size = int(transport.receive((1,), np.dtype(np.int64), 0, FILES_TAG).wait()[0])
        data = transport.receive((size,), np.dtype(np.uint8), 0, FILES_TAG).wait()
        mine = msgspec.msgpack.decode(data.tobytes(), type=dict[str, bytes])
    transport.flush()
    return mine
