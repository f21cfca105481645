"""What lies in a DLPack capsule, and element types that its maker has no name for (CuPy none for bfloat16).

A capsule "dltensor" holds a DLManagedTensor; its first part is the DLTensor below (dlpack.h, version 0.8 and before).
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

from dialects.errors import Failure

# MLIR element type -> DLPack's code; bits are those of numpy's itemsize. Those of less than a byte are not here: none can be lent.
CODES = {
    **dict.fromkeys(("i8", "i16", "i32", "i64"), 0),
    **dict.fromkeys(("ui8", "ui16", "ui32", "ui64"), 1),
    **dict.fromkeys(("f16", "f32", "f64"), 2),
    "bf16": 4, "complex<f32>": 5, "complex<f64>": 5, "i1": 6,
    "f8E3M4": 7, "f8E4M3": 8, "f8E4M3B11FNUZ": 9, "f8E4M3FN": 10, "f8E4M3FNUZ": 11, "f8E5M2": 12, "f8E5M2FNUZ": 13, "f8E8M0FNU": 14,
}  # fmt: skip


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


@dataclass(frozen=True)
class Memory:
    """Where an array lies: its elements row-major from ``address``, on device ``device`` of the capsule's kind."""

    address: int
    shape: tuple[int, ...]
    itemsize: int
    device: int

    @property
    def num_bytes(self) -> int:
        """All of it."""
        return math.prod(self.shape) * self.itemsize


def memory_of(capsule: Any) -> Memory:
    """What the capsule holds; it must live while the memory is used. Raises Failure if that is not dense and row-major."""
    tensor = _tensor(capsule)
    shape = tuple(tensor.shape[dim] for dim in range(tensor.ndim))
    if tensor.strides and math.prod(shape) > 1:
        step = 1
        for dim in reversed(range(tensor.ndim)):
            if shape[dim] > 1 and tensor.strides[dim] != step:
                strides = [tensor.strides[each] for each in range(tensor.ndim)]
                raise Failure(f"an array of shape {list(shape)} lies in memory with strides {strides}, want row-major")
            step *= shape[dim]
    return Memory((tensor.data or 0) + tensor.byte_offset, shape, tensor.bits // 8, tensor.device_id)


def name_type(capsule: Any, dtype: str) -> None:
    """Say in the capsule that its elements are of MLIR's type ``dtype``, which has as many bits as what it said before."""
    _tensor(capsule).code = CODES[dtype]


def _tensor(capsule: Any) -> _Tensor:
    pointer: Any = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return _Tensor.from_address(pointer(capsule, b"dltensor"))
