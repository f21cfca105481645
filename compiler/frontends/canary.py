"""The process that reads a module first (``probe`` starts it): every op, every name and string that any pass could read.

``python -m compiler.frontends.canary SHOWN`` takes the module on stdin; SHOWN is what messages call it.
"""

import sys
import threading

from jaxlib.mlir import ir

from compiler.frontends.limits import check_limits
from compiler.frontends.parse import parse_unprobed
from dialects.context import make_context
from dialects.errors import MeshwrightError

_STACK_BYTES = 2 << 20  # a quarter of what the reader has: what nests nearly too deep for it fails here


def _main() -> int:
    shown = sys.argv[1]
    codes: list[int] = []
    threading.stack_size(_STACK_BYTES)
    reader = threading.Thread(target=lambda: codes.append(_read(shown)))
    reader.start()
    reader.join()
    return codes[0] if codes else 1


def _read(shown: str) -> int:
    with make_context() as context, ir.Location.unknown():
        try:
            module = parse_unprobed(sys.stdin.buffer.read(), context, shown).module
            check_limits(module, shown)
        except MeshwrightError as error:
            print(error)
            return error.exit_code
        module.operation.verify()
    return 0


if __name__ == "__main__":
    sys.exit(_main())
