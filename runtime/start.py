"""Starts the work of a rank on MPI; every way of ending becomes one message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from dialects.errors import MeshwrightError
from dialects.plain import plain
from runtime.devices.xla import set_environment
from runtime.process.failure import Stop, end_job
from runtime.process.supervise import Watch
from runtime.transport.base import Transport
from runtime.transport.leftovers import clear_leftovers
from runtime.transport.mpi import MpiTransport, load_mpi, ranks_per_core


def run_ranks(watch: Watch, work: Callable[[Transport], None]) -> int:
    """Do ``work`` among all ranks -> 0 good, 1 a failure, 2 the user's mistake. One rank prints the error."""
    if watch.local_rank == 0:
        clear_leftovers()
    oversubscribed = ranks_per_core(watch.local_size)
    try:
        set_environment(int(1 / oversubscribed))
        mpi = load_mpi(one_host=watch.local_size == watch.size)
    except MeshwrightError as error:
        return speak_once(watch, str(error), error.exit_code)
    transport = MpiTransport(mpi, mpi.COMM_WORLD, oversubscribed)
    try:
        work(transport)
    except Stop as stop:
        if stop.message:
            print(f"error: {plain(stop.message)}", file=sys.stderr, flush=True)
        return stop.code
    except Exception as error:  # noqa: BLE001 whatever it is, the job must end, with one message
        if os.environ.get("MESHWRIGHT_TRACEBACK"):
            import traceback

            traceback.print_exc()
        end_job(watch, f"{watch.doing() or 'before the run'}: {_readable(error)}", transport.abort)
    return 0


def speak_once(watch: Watch, message: str, code: int) -> int:
    """An error that every rank meets in the same way, before MPI: rank 0 prints it."""
    if watch.rank == 0:
        print(f"error: {plain(message)}", file=sys.stderr, flush=True)
    return code


def _readable(error: BaseException) -> str:
    """An exception as one line; XLA's are long, and their first line says it."""
    if isinstance(error, MeshwrightError):
        return str(error)
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first}"[:600] if first else type(error).__name__
