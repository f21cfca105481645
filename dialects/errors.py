"""The two ways to stop: the user's mistake (exit code 2) and a real failure (exit code 1). Both are one readable message."""

from typing import NoReturn


class MeshwrightError(Exception):
    """One readable message, shown without a stack trace. ``exit_code`` is what the command line returns."""

    exit_code = 1

    def __init__(self, message: str, *, where: str = "", remedy: str = "") -> None:
        """``where``: op and location, argument, or file and line. ``message``: got X, want Y. ``remedy``: what to do."""
        super().__init__(message)
        self.message, self.where, self.remedy = message, where, remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}; {self.remedy}" if self.remedy else text


class UserError(MeshwrightError):
    """The input is wrong: a file, an option, a program that cannot be done as asked. Exit code 2."""

    exit_code = 2


class Failure(MeshwrightError):
    """The input is right and the work still failed: a lost rank, a full disk, a verification past its bound. Exit code 1."""


def fail(message: str, *, where: str = "", remedy: str = "") -> NoReturn:
    """Raise the user's mistake ``where: message; remedy``."""
    raise UserError(message, where=where, remedy=remedy)
