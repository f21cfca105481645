"""Import torchax 0.0.13 under PyTorch 2.13.

PyTorch 2.13 removed named tensors, and with them operator overloads that torchax 0.0.13 lists in its tables. The fix
is merged (google/torchax#102) but in no release as of 2026-11-21. Until then: while torchax builds its tables, such
an overload is a placeholder that matches no operator. With a newer torchax, write `import torchax` instead.
"""

from typing import Any

from torch._ops import OpOverloadPacket

_get_overload = OpOverloadPacket.__getattr__


def _get_overload_or_placeholder(self: OpOverloadPacket, key: str) -> Any:
    try:
        return _get_overload(self, key)
    except AttributeError:
        if "dimname" not in key.lower() and "names" not in key.split("_"):
            raise
        return object()


OpOverloadPacket.__getattr__ = _get_overload_or_placeholder
try:
    import torchax

    torchax.default_env()  # builds the table of decompositions
finally:
    OpOverloadPacket.__getattr__ = _get_overload

__all__ = ["torchax"]
