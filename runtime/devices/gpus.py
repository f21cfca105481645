"""Which GPUs the driver shows this process, asked of libcuda itself: neither XLA nor CuPy has to be loaded for that.

The driver counts those of CUDA_VISIBLE_DEVICES only, from 0; XLA's ``visible_devices`` and CuPy's devices are these numbers.
"""

from __future__ import annotations

import ctypes
import os
from typing import NoReturn

from dialects.errors import fail

DRIVER = "libcuda.so.1"
NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE


def visible_gpus(library: str = DRIVER) -> list[str]:
    """The unique id of each, in hexadecimal, in order. Raises UserError with the driver's own reason if there is none."""
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        _none(f"NVIDIA's driver is not there ({library} cannot be loaded)")
    count = ctypes.c_int(0)
    code = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    shown = f" (CUDA_VISIBLE_DEVICES is '{chosen[:40]}')" if chosen is not None else ""
    if code and code != NO_DEVICE:
        _none(f"NVIDIA's driver gives no GPU{shown}: {_words(driver, code)}")
    if count.value == 0:
        _none(f"NVIDIA's driver shows no GPU{shown}")
    return [_unique_id(driver, ordinal) for ordinal in range(count.value)]


def _none(why: str) -> NoReturn:
    fail(why, where="--platform cuda", remedy="--platform cpu runs without")


def _unique_id(driver: ctypes.CDLL, ordinal: int) -> str:
    device, found = ctypes.c_int(0), (ctypes.c_ubyte * 16)()
    ask = driver.cuDeviceGetUuid_v2 if hasattr(driver, "cuDeviceGetUuid_v2") else driver.cuDeviceGetUuid
    code = driver.cuDeviceGet(ctypes.byref(device), ordinal) or ask(ctypes.byref(found), device)
    if code:
        _none(f"NVIDIA's driver does not tell which GPU number {ordinal} is: {_words(driver, code)}")
    return bytes(found).hex()


def _words(driver: ctypes.CDLL, code: int) -> str:
    text = ctypes.c_char_p()
    known = driver.cuGetErrorString(code, ctypes.byref(text)) == 0 and text.value
    return f"{(text.value or b'').decode(errors='replace')} ({code})" if known else f"error {code}"
