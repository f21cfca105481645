"""The command line of ``runtime.launch``: the launcher's own options, and the planner's where a module is planned."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import click

from runtime.job import Job, JobOptions
from runtime.process.supervise import Watch
from runtime.start import run_ranks, speak_once

MOST = (1 << 63) - 1  # steps and seeds
MODULE_PLATFORM = (
    "The planner's --platform: of a program for several the one to take.  [default: that of the devices, else cpu]"
)


def _whole(least: int) -> Callable[[click.Context, click.Parameter, str], int]:
    """A reader of whole numbers from ``least`` to MOST, for an option."""

    def read(context: click.Context, option: click.Parameter, text: str) -> int:
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 30 else -1
        if not least <= number <= MOST:
            shown = text if len(text) <= 40 else f"{text[:40]}…"
            raise click.BadParameter(f"got '{shown}', want a whole number from {least} to {MOST}", context, option)
        return number

    return read


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", metavar="PLAN|MODULE")
@click.option("--steps", metavar="N", callback=_whole(1), default="1", show_default=True, help="How many steps to run.")
@click.option("--inputs", metavar="F.npz", help='Arrays keyed by argument index, "0", "1", …; the rest is generated.')
@click.option("--outputs", metavar="F.npz", help="Write the last step's results, keyed by result index.")
@click.option("--seed", metavar="N", callback=_whole(0), default="0", show_default=True, help="For generated inputs.")
@click.option("--verify", is_flag=True, help="Run the program on one device too, and compare.")
@click.option(
    "--on-nan",
    type=click.Choice(["stop", "warn"]),
    default="warn",
    show_default=True,
    help="What to do when a result goes NaN: end the run, or say once which and go on.",
)
@click.option(
    "--allow-nan", is_flag=True, help="Let --inputs hold NaN in state and constants; in a batch it may always be."
)
@click.option("--trace", metavar="DIR", help="Write what each rank did when, as Chrome trace JSON.")
@click.option(
    "--stall-timeout",
    type=click.IntRange(1, 10**6),
    metavar="SECONDS",
    help="End the job when a rank has not moved for so long: stopped, frozen, waiting for a disk. It is named after 60 s.",
)
@click.option(
    "--platform",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="The devices: GPUs, where every rank has one of its own, else CPUs. A MODULE for several platforms is taken for these.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def launch(target: str, **options: Any) -> JobOptions:
    """Run a plan, or plan a module for the number of ranks and run it, on the N ranks of mpirun -np N."""
    own = {parameter.name: options.pop(parameter.name) for parameter in launch.params if parameter.name in options}
    planner = {name: str(value) for name, value in options.items() if value is not None}
    return JobOptions(target, planner=planner, **own)


def _command(words: list[str], program: str) -> click.Command:
    """``launch``, with the options of ``compiler plan`` if ``words`` have any of them, or ask for help.

    The planner's own words make them, and are read on rank 0 by its own reader; to run a PLAN none of it is loaded.
    """
    own = {flag for parameter in launch.params for flag in parameter.opts}
    if all(word.partition("=")[0] in own for word in words if word.startswith("-")):
        return launch
    from compiler.cli.options import PLANNER_OPTIONS, planner_option, with_planner_options

    read: Any = launch.callback
    planner = f"{program.removesuffix(' run')} plan" if program.endswith(" run") else "python -m compiler plan"
    both = f"{launch.help}\n\nThe options after --json are for planning a MODULE, as in `{planner}`."
    complete = click.command(params=list(launch.params), context_settings=launch.context_settings, help=both)
    others = [name for name in PLANNER_OPTIONS if name != "platform"]
    with_platform = planner_option("module_platform", PLANNER_OPTIONS["platform"][0], MODULE_PLATFORM)
    return complete(with_platform(with_planner_options(*others)(read)))


def read_words(words: list[str], program: str = "python -m runtime.launch") -> JobOptions | None:
    """The command line after ``program``; None after --help. Raises click.ClickException."""
    options = _command(words, program).main(words, prog_name=program, standalone_mode=False)
    return options if isinstance(options, JobOptions) else None


def run_command(arguments: list[str], watch: Watch, program: str) -> int:
    """Everything from words to exit code: 0 good, 1 a failure, 2 the user's mistake. One rank prints the error."""
    quiet = contextlib.nullcontext() if watch.rank == 0 else contextlib.redirect_stdout(io.StringIO())
    try:
        with quiet:
            options = read_words(arguments, program)
    except click.ClickException as error:
        return speak_once(watch, error.format_message(), 2)
    if options is None:
        return 0  # --help
    return run_ranks(watch, lambda transport: Job(options, watch, transport).run())
