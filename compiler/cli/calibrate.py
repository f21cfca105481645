"""``python -m compiler calibrate [-np N] -o FILE.toml``."""

import datetime as dt
import os
import shlex
import sys
from pathlib import Path

import click

from compiler.cli.name import program
from compiler.cli.options import plan_options
from compiler.cli.output import say
from compiler.cli.words import whole
from dialects.errors import fail

MOST_RANKS = 4096  # of one machine


@click.command()
@click.option("-np", "ranks", metavar="N", help="How many ranks measure at once.  [default: one a core, at least 2]")
@click.option("-o", "--output", required=True, metavar="FILE.toml", help="The machine file to write.")
@click.option("--name", metavar="NAME", help="The machine's name.  [default: that of the file]")
@click.option(
    "--memory-per-device", "memory", metavar="16GiB", help="What a device may use.  [default: its share of the host's]"
)
@click.option("--small", is_flag=True, help="Few and small sizes: seconds instead of minutes, and worse numbers.")
def calibrate(ranks: str | None, output: str, name: str | None, memory: str | None, *, small: bool) -> None:
    """Measure this machine and write its description.

    Matrix products, copies, XLA's collectives over groups of several sizes and MPI's messages are timed on all ranks at once;
    latencies and rates are fitted to the times, and the file tells in its comments how well.
    """
    target = Path(output)
    if target.suffix != ".toml":
        fail("want a name that ends in .toml", where=f"-o {output}")
    if not target.resolve().parent.is_dir():
        fail("no such folder", where=f"-o {output}", remedy="make it first")
    if target.is_dir() or not os.access(target.resolve().parent, os.W_OK):
        fail("cannot become a file", where=f"-o {output}", remedy="say another name")
    options = plan_options({"memory_per_device": memory})
    count = whole(ranks, "-np", "at least 2 ranks, to have a link between them", 2, MOST_RANKS) if ranks else None
    from compiler.calibrate.measure import SMALL, Sizes, calibration, measure
    from compiler.calibrate.text import machine_text, residual_table, write_machine

    found = calibration(measure(count or max(2, os.cpu_count() or 2), SMALL if small else Sizes()))
    command = f"{program()} {shlex.join(sys.argv[1:])}"
    text = machine_text(name or target.stem, found, options.memory_per_device, command, dt.date.today().isoformat())
    write_machine(output, text)
    for line in residual_table(found.samples):
        say(line)
    say(f"wrote {output}; use it: {program()} plan MODULE --machine {output} -o PLAN")
