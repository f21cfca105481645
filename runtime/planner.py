"""The options that only a MODULE needs: read from text here, used by the planner on rank 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compiler.plan import Plan
from dialects.errors import UserError, fail


def plan_module(target: str, out: str, num_devices: int, texts: dict[str, str]) -> Plan:
    """Plan ``target`` for ``num_devices`` devices into ``out``. ``texts``: option name -> what the user wrote."""
    from compiler.driver import make_plan
    from compiler.machine import parse_bytes
    from compiler.options import PlanOptions

    readers: dict[str, Callable[[str], Any]] = {
        "machine": str,
        "schedule": str,
        "hosts": _count,
        "devices_per_host": _count,
        "microbatches": _count_or_auto,
        "stages": _count_or_auto,
        "batch_args": _numbers,
        "loss": _number,
        "state_args": _pairs,
        "memory_per_device": parse_bytes,
    }
    read: dict[str, Any] = {}
    for name, text in texts.items():
        try:
            read[name] = readers[name](text)
        except UserError as error:
            raise UserError(error.message, where=option_name(name), remedy=error.remedy) from error
    return make_plan(target, out, PlanOptions(devices=num_devices, **read))


def option_name(name: str) -> str:
    """``batch_args`` -> ``--batch-args``."""
    return f"--{name.replace('_', '-')}"


def _number(text: str) -> int:
    if not text.strip().isdecimal():
        fail(f"got '{text}', want a number from 0")
    return int(text)


def _count(text: str) -> int:
    if not text.strip().isdecimal() or int(text) == 0:
        fail(f"got '{text}', want a number from 1")
    return int(text)


def _count_or_auto(text: str) -> int | None:
    return None if text == "auto" else _count(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(_number(item) for item in text.split(",") if item.strip())


def _pairs(text: str) -> tuple[tuple[int, int], ...]:
    pairs = [item.partition(":") for item in text.split(",") if item.strip()]
    if any(not colon for _, colon, _ in pairs):
        fail(f"got '{text}', want argument:result pairs", remedy="write them as 0:0,1:1")
    return tuple((_number(argument), _number(result)) for argument, _, result in pairs)
