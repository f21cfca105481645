"""``mpirun -np N python -m runtime.measure.calibrate SPEC``: measure this machine; rank 0 prints one JSON document.

`python -m compiler calibrate` starts it. SPEC is ``compiler.calibrate.measure.Sizes`` as JSON: ``{"message_bytes": [4096, …], …}``.
"""

import json
import sys

from runtime.process import supervise


def main() -> None:
    """As runtime.launch: split, measure, leave with an exit code: 0 good, 1 a failure, 2 a mistake."""
    watch = supervise.split()
    from dialects.errors import MeshwrightError
    from runtime.devices.xla import set_environment
    from runtime.transport.mpi import load_mpi, ranks_per_core

    try:
        set_environment(int(1 / ranks_per_core(watch.local_size)))
        mpi = load_mpi()
    except MeshwrightError as error:
        if watch.rank == 0:
            print(f"error: {error}", file=sys.stderr, flush=True)
        sys.exit(error.exit_code)
    from runtime.measure.job import measure
    from runtime.process.failure import Stop, end_job
    from runtime.transport.mpi import MpiTransport

    try:
        found = measure(
            json.loads(sys.argv[1]), watch, MpiTransport(mpi, mpi.COMM_WORLD, ranks_per_core(watch.local_size))
        )
    except Stop as stop:
        if stop.message:
            print(f"error: {stop.message}", file=sys.stderr, flush=True)
        sys.exit(stop.code)
    except Exception as error:  # noqa: BLE001 whatever it is, the job must end, with one message
        end_job(watch, f"{watch.doing()}: {error}", mpi.COMM_WORLD.Abort)
    if watch.rank == 0:
        json.dump(found, sys.stdout)
        print(flush=True)


if __name__ == "__main__":
    main()
