"""The entry point: ``mpirun -np N python -m runtime.launch PLAN|MODULE [options]``.

Nothing heavy is imported here: under mpirun the process first splits into the rank and its small watcher (see
``supervise``), and what is imported before the split is paid for twice.
"""

import sys

from runtime.process import supervise


def main() -> None:
    """Split, read the command line, run the job, and leave with its exit code: 0 good, 1 a failure, 2 a mistake."""
    watch = supervise.split()
    try:
        from runtime.command import run_command  # click, msgspec: only after the split
    except ModuleNotFoundError as error:
        if watch.rank == 0:
            sys.stderr.write(f"error: the runtime needs {error.name}; pip install meshwright[mpi]\n")
        sys.exit(2)
    sys.exit(run_command(sys.argv[1:], watch))  # not os._exit: MPICH tells mpirun only at exit that all went well


if __name__ == "__main__":
    main()
