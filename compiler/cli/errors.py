"""Every way a command can end: 0 good, 1 a real failure, 2 the user's mistake; one message, never a stack trace."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import click

from compiler.cli.name import spoken
from dialects import interrupts
from dialects.errors import MeshwrightError
from dialects.plain import plain

_TRACEBACK = "MESHWRIGHT_TRACEBACK"


def guarded(command: Callable[..., Any], prog_name: str) -> NoReturn:
    """Run a click command and exit the process with its code."""
    code = 1
    try:
        interrupts.raise_at_signals()
        code = exit_code(command, prog_name, sys.argv[1:])
        interrupts.ignore()
    except interrupts.Interrupted as stop:
        stop.say()
        code = stop.code
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()
    sys.exit(code)


def exit_code(command: Callable[..., Any], prog_name: str, arguments: list[str]) -> int:
    """Run a click command; print what went wrong, if anything did, to stderr."""
    try:
        ended = command(arguments, prog_name=prog_name, standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        say_error(error.format_message())
        return 2
    except click.Abort:
        say_error("interrupted")
        return 130
    except MeshwrightError as error:
        _trace()
        say_error(spoken(str(error), prog_name.removesuffix(".opt")))
        return error.exit_code
    except BrokenPipeError:
        _close_stdout()
    except Exception as error:  # noqa: BLE001 a bug is one readable message as well
        _trace()
        hint = "" if os.environ.get(_TRACEBACK) else f"; set {_TRACEBACK}=1 to see where"
        notes = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        say_error(f"internal: {type(error).__name__}: {error}{notes}{hint}")
        return 1
    else:
        return ended if isinstance(ended, int) else 0  # click's Exit comes back as its code
    return 0


def say_error(message: str) -> None:
    """One line on stderr."""
    print(f"error: {plain(message)}", file=sys.stderr, flush=True)


def _trace() -> None:
    if os.environ.get(_TRACEBACK):
        traceback.print_exc()


def _close_stdout() -> None:
    """The reader has gone (``| head``); keep Python from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
