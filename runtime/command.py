"""The command line of ``runtime.launch``, and how every way of ending becomes a message and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from dialects.errors import MeshwrightError
from runtime.devices.xla import set_environment
from runtime.job import Job, JobOptions
from runtime.process.failure import Stop, end_job
from runtime.process.supervise import Watch
from runtime.transport.mpi import MpiTransport, load_mpi, ranks_per_core

PLANNER = {
    "machine": "NAME|FILE.toml", "hosts": "H", "devices_per_host": "D", "microbatches": "N|auto", "stages": "N|auto",
    "schedule": "gpipe|1f1b|…", "batch_args": "5,6", "loss": "K", "state_args": "0:0,1:1", "memory_per_device": "16GiB",
    "intra": "ilp|data|zero1|…", "mesh": "2x4|auto", "annotate": 'arg3=[{"x"},{}]', "respect_annotations": "yes|no",
}  # fmt: skip


def _planner_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of ``compiler plan``; their words are read on rank 0, by the planner's own reader."""
    for name, metavar in reversed(PLANNER.items()):
        flag, text = f"--{name.replace('_', '-')}", "For a MODULE: as in `compiler plan`."
        if name == "respect_annotations":
            option = click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=text, callback=_yes_or_no)
        elif name == "annotate":
            option = click.option(flag, name, metavar=metavar, multiple=True, help=text, callback=_lines)
        else:
            option = click.option(flag, name, metavar=metavar, help=text)
        function = option(function)
    return function


def _yes_or_no(_context: click.Context, _option: click.Parameter, value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _lines(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> str | None:
    return "\n".join(value) or None


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", metavar="PLAN|MODULE")
@click.option("--steps", type=click.IntRange(min=1), default=1, show_default=True, help="How many steps to run.")
@click.option("--inputs", metavar="F.npz", help='Arrays keyed by argument index, "0", "1", …; the rest is generated.')
@click.option("--outputs", metavar="F.npz", help="Write the last step's results, keyed by result index.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For generated inputs.")
@click.option("--verify", is_flag=True, help="Run the program on one device too, and compare.")
@click.option("--trace", metavar="DIR", help="Write what each rank did when, as Chrome trace JSON.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
@_planner_options
def launch(**options: Any) -> JobOptions:
    """Run a plan, or plan a module for the number of ranks and run it: mpirun -np N python -m runtime.launch PLAN."""
    given = {name: options.pop(name) for name in PLANNER}
    planner = {name: str(value) for name, value in given.items() if value is not None}
    return JobOptions(planner=planner, **options)


def run_command(arguments: list[str], watch: Watch) -> int:
    """Everything from words to exit code: 0 good, 1 a failure, 2 the user's mistake. One rank prints the error."""
    quiet = contextlib.nullcontext() if watch.rank == 0 else contextlib.redirect_stdout(io.StringIO())
    try:
        with quiet:
            options = launch.main(arguments, prog_name="python -m runtime.launch", standalone_mode=False)
    except click.ClickException as error:
        return _speak(watch, error.format_message(), 2)
    if not isinstance(options, JobOptions):
        return 0  # --help
    try:
        set_environment(int(1 / ranks_per_core(watch.local_size)))
        mpi = load_mpi()
    except MeshwrightError as error:
        return _speak(watch, str(error), error.exit_code)
    return _run(options, watch, mpi)


def _run(options: JobOptions, watch: Watch, mpi: Any) -> int:
    try:
        transport = MpiTransport(mpi, mpi.COMM_WORLD, ranks_per_core(watch.local_size))
        Job(options, watch, transport).run()
        code = 0
    except Stop as stop:
        if stop.message:
            print(f"error: {stop.message}", file=sys.stderr, flush=True)
        code = stop.code
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 whatever it is, the job must end, with one message
        if os.environ.get("MESHWRIGHT_TRACEBACK"):
            import traceback

            traceback.print_exc()
        end_job(watch, f"{watch.doing() or 'before the run'}: {_readable(error)}", mpi.COMM_WORLD.Abort)
    return code


def _speak(watch: Watch, message: str, code: int) -> int:
    """An error that every rank meets in the same way, before MPI: rank 0 prints it."""
    if watch.rank == 0:
        print(f"error: {message}", file=sys.stderr, flush=True)
    return code


def _readable(error: BaseException) -> str:
    """An exception as one line; XLA's are long, and their first line says it."""
    if isinstance(error, MeshwrightError):
        return str(error)
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first}"[:600] if first else type(error).__name__
