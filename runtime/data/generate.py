"""Inputs that nobody gave: sensible numbers from a seed, the same whichever rank makes them.

An array is made in blocks of rows, each from its own random stream (seed, argument, step, block); so a rank makes only
the blocks that its shard touches, and no array is ever whole in memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compiler.plan.pieces import Slices
from compiler.plan.records import Argument
from runtime.devices.dtypes import is_complex, is_float, is_unsigned, numpy_dtype

Array = NDArray[Any]
BLOCK = 1 << 20  # elements


def generate(argument: Argument, seed: int, step: int, where: Slices) -> Array:
    """The part ``where`` of the argument's value at ``step``.

    Parameters: normal / sqrt(fan-in) from rank 2 on, 1 + 0.1 normal below. Optimizer and other state: zeros (float
    scalars 0.01, so that a learning rate kept there moves). Batches and constants: normal floats, integers below
    ``exclusive_bound`` (2 if unknown), random booleans; constant float scalars 0.01. Rng keys: random bits.
    """
    dtype, shape = numpy_dtype(argument.dtype), argument.shape
    if not shape:
        return _block(argument, (), _stream(argument, seed, step, 0)).astype(dtype)
    rows = max(1, BLOCK // max(1, math.prod(shape[1:])))
    start, stop = where[0].start, where[0].stop
    result = np.empty(tuple(s.stop - s.start for s in where), dtype)
    for number in range(start // rows, -(-stop // rows)):
        low, high = number * rows, min((number + 1) * rows, shape[0])
        block = _block(argument, (high - low, *shape[1:]), _stream(argument, seed, step, number))
        first, last = max(low, start), min(high, stop)
        result[first - start : last - start] = block[(slice(first - low, last - low), *where[1:])].astype(dtype)
    return result


def _stream(argument: Argument, seed: int, step: int, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence((seed, argument.index, step, number))))


def _block(argument: Argument, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    if is_float(argument.dtype) or is_complex(argument.dtype):
        return _floats(argument, shape, random)
    idle = argument.role in ("optimizer", "state", "parameter")
    if argument.dtype == "i1":
        return np.zeros(shape, np.bool_) if idle else random.integers(0, 2, shape).astype(np.bool_)
    if argument.dtype == "ui32" and argument.role != "batch" and argument.shape[-1:] in ((2,), (4,)):
        return random.integers(0, 1 << 32, shape, np.uint32)  # a threefry or rbg key
    if idle:
        return np.zeros(shape, np.int64)
    bits = int(argument.dtype.lstrip("ui"))
    largest = 1 << (bits if is_unsigned(argument.dtype) else bits - 1)
    return random.integers(0, min(argument.exclusive_bound or 2, largest, 1 << 62), shape)


def _floats(argument: Argument, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    rank, role = len(argument.shape), argument.role
    if role in ("optimizer", "state", "constant") and rank == 0:
        return np.array(0.01, np.float32)
    if role in ("optimizer", "state") and argument.dtype != "f8E8M0FNU":
        return np.zeros(shape, np.float32)
    kind = np.float64 if numpy_dtype(argument.dtype).itemsize >= 8 else np.float32
    normal: Array = random.standard_normal(shape, kind)
    if argument.dtype == "f8E8M0FNU":
        return 2.0 ** np.round(normal)  # powers of two are all that it holds
    if is_complex(argument.dtype):
        normal = normal + 1j * random.standard_normal(shape, kind)
    if role == "parameter":
        return normal / kind(math.sqrt(max(1, math.prod(argument.shape[:-1])))) if rank >= 2 else 1 + kind(0.1) * normal
    return normal
