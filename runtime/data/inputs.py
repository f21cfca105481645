"""Where the arguments come from: ``--inputs F.npz``, or generated from ``--seed``; read by slices, never whole.

Keys are indices of the user's arguments, "0", "1", …; whatever is not state may have one leading dimension more, the steps. What
the file does not have is generated, the same on every rank.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from compiler.plan.parts import whole_arguments
from compiler.plan.pieces import Slices
from compiler.plan.records import Argument
from dialects.errors import fail
from runtime.data.generate import generate
from runtime.data.npz import Member, read_headers
from runtime.devices.dtypes import is_complex, is_inexact, numpy_dtype

Array = NDArray[Any]


class Inputs:
    """The arguments of one run. Raises UserError when made if the file does not fit the arguments."""

    def __init__(self, arguments: tuple[Argument, ...], path: str | None, seed: int, steps: int) -> None:
        self._planned, self._arguments, self._seed = arguments, whole_arguments(arguments), seed
        self._given: dict[int, Member] = _read(path, self._arguments, steps) if path else {}
        self.generated = tuple(a.index for a in self._arguments if a.index not in self._given)

    def slices(self, index: int, step: int, where: Slices) -> Array:
        """The part ``where`` of the plan's argument ``index`` as step ``step`` sees it. State is asked for at step 0 only."""
        part = self._planned[index].part
        if part is None:
            return self._slices(index, step, where)
        mine = slice(where[0].start + part.start, where[0].stop + part.start)
        return self._slices(part.of, step, (mine, *where[1:]))

    def _slices(self, index: int, step: int, where: Slices) -> Array:
        """Of the user's argument ``index``."""
        argument = self._arguments[index]
        member = self._given.get(index)
        if member is None:
            at = step if argument.role == "batch" else 0
            return generate(argument, self._seed, at, where)
        given = member.array[step] if self._has_steps(argument, member) else member.array
        return np.array(given[where]).view(numpy_dtype(argument.dtype))

    def rows(self, index: int, step: int, m: int, parts: int, where: Slices) -> Array:
        """The part ``where`` of what microbatch ``m`` of ``parts`` sees of batch argument ``index`` at step ``step``.

        Along its batch dim the argument is [outer, parts, rest]; the microbatch has [outer, m, rest], and ``where``
        is a part of that.
        """
        argument = self._arguments[index]
        dim, outer = argument.batch_dim, argument.batch_outer
        mine, rest = where[dim], argument.shape[dim] // (parts * outer)
        if rest == 0:  # a batch without rows
            return self.slices(index, step, where)
        blocks: list[Array] = []
        for block in range(mine.start // rest, -(-mine.stop // rest)) if mine.stop > mine.start else (0,):
            first = (block * parts + m) * rest  # where the microbatch's block begins
            low, high = max(mine.start - block * rest, 0), min(mine.stop - block * rest, rest)
            there = slice(first + low, first + max(low, high))
            blocks.append(self.slices(index, step, (*where[:dim], there, *where[dim + 1 :])))
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=dim)

    def whole(self, index: int, step: int) -> Array:
        """All of the user's argument ``index``."""
        return self._slices(index, step, tuple(slice(0, size) for size in self._arguments[index].shape))

    def changes(self, index: int) -> bool:
        """Whether the argument has a value of its own at each step: a generated batch, or whatever is given with steps."""
        part = self._planned[index].part
        index = index if part is None else part.of
        argument, member = self._arguments[index], self._given.get(index)
        return argument.role == "batch" if member is None else self._has_steps(argument, member)

    def check_values(self, rank: int, size: int, *, allow_nan: bool = False) -> list[str]:
        """Refuse damage and NaN in what was given, but for NaN in a batch, where it may stand for what is missing.

        Gives a sentence for each argument with NaN that stays, or infinity. The ranks share the arguments: this one reads each
        ``size``-th.
        """
        said: list[str] = []
        for index in sorted(self._given):
            if index % size == rank:
                self._given[index].check_sum()
                said += _check_numbers(self._arguments[index], self._given[index].array, allow_nan)
        return said

    def _has_steps(self, argument: Argument, member: Member) -> bool:
        return len(member.shape) > len(argument.shape)


def _read(path: str, arguments: tuple[Argument, ...], steps: int) -> dict[int, Member]:
    """Every array of the file, found to be what its argument takes."""
    given = read_headers(path, len(arguments))
    for index, member in given.items():
        _check(arguments[index], member, steps)
        member.check_size(_where(arguments[index]))
    return given


def _check_numbers(argument: Argument, array: Array, allow_nan: bool) -> list[str]:
    if argument.dtype == "i1" and array.size and np.max(array.view(np.uint8)) > 1:
        fail("got booleans that are neither 0 nor 1", where=_where(argument), remedy="check what wrote the file")
    if not is_inexact(argument.dtype):
        return []
    counts, first = {"NaN": 0, "infinity": 0}, dict[str, str]()
    flat = array.reshape(-1)
    for start in range(0, flat.size, 1 << 22):
        part = np.array(flat[start : start + (1 << 22)]).view(numpy_dtype(argument.dtype))
        numbers = part if is_complex(argument.dtype) else part.astype(np.float64)
        if np.isfinite(numbers).all():
            continue
        nan = np.isnan(numbers)
        for what, bad in (("NaN", nan), ("infinity", ~nan & ~np.isfinite(numbers))):
            counts[what] += int(bad.sum())
            if bad.any() and what not in first:
                first[what] = str([int(i) for i in np.unravel_index(start + int(bad.argmax()), array.shape)])
    if counts["NaN"] and argument.role != "batch" and not allow_nan:
        place = f" at {first['NaN']}" if array.shape else ""
        remedy = "check what wrote the file, or say --allow-nan"
        fail(f"got NaN{place}, want numbers", where=_where(argument), remedy=remedy)
    found = [
        f"{what} at {count} of {array.size} places, first at {first[what]}" for what, count in counts.items() if count
    ]
    return [f"{_where(argument)}: {' and '.join(found)}"] if found else []


def _check(argument: Argument, array: Member, steps: int) -> None:
    dtype = numpy_dtype(argument.dtype)
    shapes = [argument.shape, (steps, *argument.shape)] if argument.state_result is None else [argument.shape]
    if array.shape not in shapes:
        wanted = " or ".join(str(list(shape)) for shape in shapes)
        fail(f"got shape {str(list(array.shape))[:80]}, want {wanted}", where=_where(argument))
    raw = array.dtype.kind == "V" and array.dtype.names is None and array.dtype.itemsize == dtype.itemsize
    if array.dtype != dtype and not (raw and dtype.isbuiltin != 1):
        builtin = dtype.isbuiltin == 1
        remedy = f"convert it: x.astype('{dtype.name}')" if builtin else f"convert it: x.astype(ml_dtypes.{dtype.name})"
        fail(
            f"got dtype {str(array.dtype)[:80]}, want {dtype.name} ({argument.dtype})",
            where=_where(argument),
            remedy=remedy,
        )


def _where(argument: Argument) -> str:
    return f"argument {argument.index} ({argument.name})" if argument.name else f"argument {argument.index}"
