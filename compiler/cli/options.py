"""The planner's options as words of a command line, for ``compiler plan`` and for ``runtime.launch`` alike."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from compiler.cli.words import READERS
from compiler.options import CHOOSER_NAMES, PlanOptions
from compiler.schedules.table import SCHEDULES
from compiler.spec.merge import with_spec

# Option -> (what is written after it, its help). The names are those of PlanOptions' fields; "plan_spec" fills in several.
PLANNER_OPTIONS: dict[str, tuple[str, str]] = {
    "machine": ("NAME|FILE.toml", "The machine: a known name or a description of your own.  [default: local-cpu]"),
    "platform": (
        "cpu|cpu,cuda|0",
        "Of a program exported for several platforms: the one to take, all of them in order, or an index.  [default: cpu]",
    ),
    "hosts": ("H", "How many hosts to plan for.  [default: the machine's]"),
    "devices_per_host": ("D", "How many devices each host has.  [default: the machine's]"),
    "microbatches": ("N|auto", "Into how many parts the batch is cut.  [default: auto, a number that works]"),
    "stages": ("N|auto", "How many pipeline stages.  [default: auto]"),
    "plan_spec": (
        "FILE.toml",
        "The stages by hand: where each ends, its devices and their shape; `explain PLAN --spec` prints one.",
    ),
    "schedule": ("|".join(SCHEDULES), "The order of the microbatches.  [default: 1f1b]"),
    "batch_args": (
        "5,6:1",
        "Indices of the arguments that are the batch, or none; :DIM where not 0.  [default: found]",
    ),
    "batch_statistics": (
        "whole|per-microbatch",
        "Over which rows sums are taken that rows read, as in BatchNorm; the second changes results.  [default: whole]",
    ),
    "loss": ("K", "Index of the result that is the loss.  [default: found]"),
    "state_args": ("0:0,1:1", "ARGUMENT:RESULT pairs: the argument's next value, or none.  [default: found]"),
    "memory_per_device": ("16GiB", "Plan for this much memory.  [default: the machine's]"),
    "intra": ("|".join(CHOOSER_NAMES), "Who chooses the shardings inside a mesh.  [default: ilp]"),
    "bucket_bytes": (
        "32MiB|0",
        "Collectives of one moment travel in one buffer of at most this size; 0: each alone.  [default: 32MiB]",
    ),
    "mesh": (
        "2x4|auto",
        "The logical shape of each mesh.  [default: the module's own, else auto, the cheapest of one and two axes]",
    ),
    "annotate": (
        'arg3=[{"x"},{}]',
        "How an argument (arg3, or its name) or result lies on the axes; may be given again.  [default: the module's own]",
    ),
    "respect_annotations": ("", "Whether shardings in the module bind `ilp` and start `gspmd`.  [default: they do]"),
}


def with_planner_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: add these options (all of them without arguments) to a click command, as plain words."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names or tuple(PLANNER_OPTIONS)):
            metavar, text = PLANNER_OPTIONS[name]
            function = planner_option(name, metavar, text)(function)
        return function

    return decorate


def planner_option(name: str, metavar: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """One option, whose value is a plain word or None: a flag's is yes or no, a repeated one's has a line each."""
    if name == "respect_annotations":
        both = f"{flag(name)}/--no-{flag(name)[2:]}"
        return click.option(both, name, default=None, help=text, callback=_yes_or_no)
    if name == "annotate":
        return click.option(flag(name), name, metavar=metavar, help=text, multiple=True, callback=_lines)
    return click.option(flag(name), name, metavar=metavar, help=text)


def _yes_or_no(_context: click.Context, _option: click.Parameter, value: bool | None) -> str | None:
    return None if value is None else "yes" if value else "no"


def _lines(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> str | None:
    return "\n".join(value) or None


def flag(name: str) -> str:
    """``devices_per_host`` as users write it."""
    return f"--{name.replace('_', '-')}"


def plan_options(words: Mapping[str, str | None], **more: Any) -> PlanOptions:
    """Read the words that were given; ``more`` are fields that have values already. Raises UserError naming the option."""
    fields: dict[str, Any] = {}
    for name, word in words.items():
        if word is not None:
            fields[name] = READERS[name](word.strip(), flag(name))
    spec = fields.pop("plan_spec", None)
    options = PlanOptions(**fields, **more)
    return options if spec is None else with_spec(options, spec, fields.keys())
