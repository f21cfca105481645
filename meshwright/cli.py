"""The command ``meshwright``: ``run`` is the runtime's launcher, everything else the planner's command line.

Nothing is imported until it is known which one: a rank splits in two first, and pays twice for what was loaded before (see
``runtime.launch``).
"""

import sys


def main(program: str = "meshwright") -> None:
    """Run what the command line asks for, and exit with its code. ``program``: what the user typed to get here."""
    from dialects import interrupts

    if sys.argv[1:2] == ["run"]:
        from runtime.launch import main as launch

        launch(sys.argv[2:], f"{program} run")
    else:
        interrupts.hold()
        plan(program)


def plan(program: str) -> None:
    """The planner's commands, with ``run`` in the list of them."""
    import click

    from compiler.__main__ import main as commands
    from compiler.__main__ import run

    help_text = "Run a plan, or plan a module and run it, on the ranks that mpirun starts."
    commands.add_command(click.Command("run", help=help_text))  # to be listed: `main` has taken what begins with it
    run(program)
