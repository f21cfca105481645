"""``python -m compiler``: plan, explain, inspect, solve, calibrate."""

import gc
import importlib.metadata
from typing import NoReturn

from dialects import interrupts

if __name__ == "__main__":
    interrupts.hold()

import click

from compiler.cli.calibrate import calibrate
from compiler.cli.errors import guarded
from compiler.cli.explain import explain
from compiler.cli.inspect import inspect
from compiler.cli.name import MODULE
from compiler.cli.plan import plan
from compiler.cli.solve import solve


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        try:
            click.echo(f"meshwright {importlib.metadata.version('meshwright')}")
        except importlib.metadata.PackageNotFoundError:
            click.echo("meshwright, from a folder that is not installed")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def main() -> None:
    """Meshwright plans a StableHLO training step over several meshes of devices.

    The plan runs with `mpirun -np N meshwright run PLAN`, or `… python -m runtime.launch PLAN`. Exit codes: 0 good, 1 a real
    failure, 2 your mistake.
    """


main.add_command(plan)
main.add_command(explain)
main.add_command(inspect)
main.add_command(calibrate)
main.add_command(solve)


def run(program: str = MODULE) -> NoReturn:
    """Run the command line and exit with its code. ``program``: what the user typed before the command."""
    # 10^5 small objects live to the end: looking through them for cycles took 1 of 6 s (solve --whole of GPT-39B, 2026-11-21)
    gc.set_threshold(100_000, 50, 100)
    guarded(main, program)


if __name__ == "__main__":
    run()
