"""``python -m compiler``: plan, explain, inspect, solve, calibrate."""

import gc
from typing import NoReturn

import click

from compiler.cli.calibrate import calibrate
from compiler.cli.errors import guarded
from compiler.cli.explain import explain
from compiler.cli.inspect import inspect
from compiler.cli.plan import plan
from compiler.cli.solve import solve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Meshwright plans a StableHLO training step over several meshes of devices.

    The plan runs with `mpirun -np N python -m runtime.launch PLAN`. Exit codes: 0 good, 1 a real failure, 2 your mistake.
    """


main.add_command(plan)
main.add_command(explain)
main.add_command(inspect)
main.add_command(calibrate)
main.add_command(solve)


def run() -> NoReturn:
    """Run the command line and exit with its code."""
    # 10^5 small objects live to the end: looking through them for cycles took 1 of 6 s (solve --whole of GPT-39B, 2026-11-21)
    gc.set_threshold(100_000, 50, 100)
    guarded(main, "python -m compiler")


if __name__ == "__main__":
    run()
