"""Value ids and phases, the words that tie fragments together across IR, plan and runtime: made and read here only.

    arg3     argument 3 of the user's program, or the whole twin of a batch argument
    batch3   its rows for one microbatch
    index    the microbatch's number
    acc0     a fold in progress
    v0       anything else that crosses a fragment's border

Plans and the runtime read ids too, so nothing but the standard library is imported.
"""

from collections.abc import Mapping
from typing import Final, Literal, get_args

Phase = Literal["setup", "forward", "backward", "update"]
SETUP: Final = "setup"
FORWARD: Final = "forward"
BACKWARD: Final = "backward"
UPDATE: Final = "update"
PHASES: tuple[Phase, ...] = get_args(Phase)  # a phase reads what itself and those before it make
PER_MICROBATCH: tuple[Phase, ...] = (FORWARD, BACKWARD)
ONCE_A_STEP: tuple[Phase, ...] = (SETUP, UPDATE)

IdKind = Literal["arg", "batch", "index", "acc", "v"]
INDEX: Final = "index"
_NUMBERED: Mapping[str, IdKind] = {"arg": "arg", "batch": "batch", "acc": "acc", "v": "v"}
_DIGITS = "0123456789"


def arg_id(index: int) -> str:
    """The id of argument ``index`` of the user's program, all of it."""
    return f"arg{index}"


def batch_id(index: int) -> str:
    """The id of one microbatch's rows of argument ``index``."""
    return f"batch{index}"


def acc_id(number: int) -> str:
    """The id of fold ``number``, as it grows from microbatch to microbatch."""
    return f"acc{number}"


def v_id(number: int) -> str:
    """The id of value ``number`` among those that are no argument and no fold."""
    return f"v{number}"


def kind_of(value_id: str) -> IdKind | None:
    """What a value id is of; None for a text that is no value id, such as the name of a site inside a fragment."""
    if value_id == INDEX:
        return INDEX
    stem = value_id.rstrip(_DIGITS)
    return _NUMBERED.get(stem) if stem != value_id else None


def argument_of(value_id: str) -> int | None:
    """The index of the argument that ``arg3`` and ``batch3`` are of; None for other ids."""
    return natural_key(value_id)[1] if kind_of(value_id) in ("arg", "batch") else None


def natural_key(value_id: str) -> tuple[str, int]:
    """Sorts ``v2`` before ``v10``: the word and its number (0 where it has none)."""
    stem = value_id.rstrip(_DIGITS)
    return stem, int(value_id[len(stem) :] or 0)
