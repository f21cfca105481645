"""What the user typed to get here: usage texts, hints and messages repeat it, so that they can be copied."""

import click

MODULE = "python -m compiler"
RUNTIME = "python -m runtime.launch"


def program() -> str:
    """``meshwright``, ``python -m meshwright`` or ``python -m compiler``; the last one outside a command."""
    context = click.get_current_context(silent=True)
    return (context.find_root().info_name if context else None) or MODULE


def runner() -> str:
    """What runs a plan under mpirun, in the same way."""
    return RUNTIME if program() == MODULE else f"{program()} run"


def spoken(message: str, name: str) -> str:
    """A message whose hints say `compiler plan`, for a user who calls the planner ``name``."""
    return message.replace(f"`{MODULE} ", "`compiler ").replace("`compiler ", f"`{name} ")
