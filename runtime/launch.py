"""The entry point: ``mpirun -np N python -m runtime.launch PLAN|MODULE [options]``.

``meshwright run`` is the same. Nothing heavy is imported here: under mpirun the process first splits into the rank and its small
watcher (see ``supervise``), and what is imported before the split is paid for twice.
"""

from __future__ import annotations

import os
import sys

from dialects import interrupts

TYPE_CHECKING = False  # typing's, without loading it before signals can wait
if TYPE_CHECKING:
    from runtime.process.supervise import Watch


def main(arguments: list[str] | None = None, program: str = "python -m runtime.launch") -> None:
    """Split, read the command line, run the job, and leave with its exit code: 0 good, 1 a failure, 2 a mistake.

    ``arguments``: the command line without the ``program`` that the user typed before it.
    """
    interrupts.hold()
    from runtime.process import supervise

    watch = supervise.split()
    code = 1
    try:
        if watch.key and watch.rank != 0:
            interrupts.ignore()  # its watcher kills it: it has nothing to clear away
        else:
            interrupts.raise_at_signals()
        code = _run(watch, sys.argv[1:] if arguments is None else arguments, program)
        interrupts.ignore()
    except interrupts.Interrupted as stop:
        if not watch.key:  # else its watcher says it
            stop.say()
        os._exit(stop.code)  # what is under way in MPI and XLA has no orderly end
    sys.exit(code)  # not os._exit: MPICH tells mpirun only at exit that all went well


def _run(watch: Watch, words: list[str], program: str) -> int:
    try:
        from runtime.command import run_command  # click, msgspec: only after the split
    except ModuleNotFoundError as error:
        if watch.rank == 0:
            sys.stderr.write(f"error: the runtime needs {error.name}; pip install meshwright[mpi]\n")
        return 2
    return run_command(words, watch, program)


if __name__ == "__main__":
    main()
