"""``mpirun -np N python -m runtime.measure.calibrate SPEC``: measure this machine; rank 0 prints one JSON document.

`python -m compiler calibrate` starts it. SPEC is ``compiler.calibrate.measure.Sizes`` as JSON: ``{"message_bytes": [4096, …], …}``.
"""

import json
import sys

from runtime.process import supervise


def main() -> None:
    """As runtime.launch: split, measure, leave with an exit code: 0 good, 1 a failure, 2 a mistake."""
    watch = supervise.split()
    from runtime.measure.job import measure
    from runtime.start import run_ranks
    from runtime.transport.base import Transport

    def work(transport: Transport) -> None:
        found = measure(json.loads(sys.argv[1]), watch, transport)
        if watch.rank == 0:
            json.dump(found, sys.stdout)
            print(flush=True)

    sys.exit(run_ranks(watch, work))


if __name__ == "__main__":
    main()
