"""The entry point: ``mpirun -np N python -m runtime.launch PLAN|MODULE [options]``.

``meshwright run`` is the same. Nothing heavy is imported here: under mpirun the process first splits into the rank and its small
watcher (see ``supervise``), and what is imported before the split is paid for twice.
"""

import sys

from runtime.process import supervise


def main(arguments: list[str] | None = None, program: str = "python -m runtime.launch") -> None:
    """Split, read the command line, run the job, and leave with its exit code: 0 good, 1 a failure, 2 a mistake.

    ``arguments``: the command line without the ``program`` that the user typed before it.
    """
    watch = supervise.split()
    try:
        from runtime.command import run_command  # click, msgspec: only after the split
    except ModuleNotFoundError as error:
        if watch.rank == 0:
            sys.stderr.write(f"error: the runtime needs {error.name}; pip install meshwright[mpi]\n")
        sys.exit(2)
    words = sys.argv[1:] if arguments is None else arguments
    sys.exit(run_command(words, watch, program))  # not os._exit: MPICH tells mpirun only at exit that all went well


if __name__ == "__main__":
    main()
