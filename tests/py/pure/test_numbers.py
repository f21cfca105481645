"""Every number of every command line: what is no number, and what is far out of range, is one line that says what is wanted."""

import click
import pytest

from compiler.cli.options import PLANNER_OPTIONS, flag, plan_options
from dialects.errors import UserError
from runtime.command import read_words

# Options that take numbers -> how a number is written in them.
PATTERNS = {
    "hosts": ("{}",),
    "devices_per_host": ("{}",),
    "microbatches": ("{}",),
    "stages": ("{}",),
    "batch_args": ("{}", "0,{}", "0:{}", "0:1:{}"),
    "loss": ("{}",),
    "state_args": ("{}:0", "0:{}", "0:0,1:{}"),
    "memory_per_device": ("{}", "{}GiB"),
    "bucket_bytes": ("{}", "{}MiB"),
    "mesh": ("{}", "2x{}"),
}
WORDS = {"batch_statistics", "machine", "platform", "plan_spec", "schedule", "intra", "annotate", "respect_annotations"}
NO_NUMBERS = [
    "-1",
    "1.5",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "0x10",
    "1_000",
    "٣",
    "²",
    "½",
    "one",
    "+1",
    "1 2",
    "--",
    "\x1b[31m",
]
TOO_LARGE = [str(1 << 31), str(1 << 63), "1" + "0" * 30, "9" * 5000]


def test_every_option_is_tried() -> None:
    assert PATTERNS.keys() | WORDS == PLANNER_OPTIONS.keys()


@pytest.mark.parametrize("number", NO_NUMBERS + TOO_LARGE)
@pytest.mark.parametrize(("name", "pattern"), [(name, p) for name, patterns in PATTERNS.items() for p in patterns])
def test_planner_options(name: str, pattern: str, number: str) -> None:
    if name in ("memory_per_device", "bucket_bytes") and number in ("1.5", str(1 << 31), str(1 << 63)):
        return  # sizes, with or without a unit
    with pytest.raises(UserError) as caught:
        plan_options({name: pattern.format(number)})
    text = str(caught.value)
    assert text.startswith(f"{flag(name)}: got '")
    assert "want " in text
    assert len(text) < 200
    assert "\n" not in text


@pytest.mark.parametrize(
    ("name", "word"),
    [("hosts", "131073"), ("microbatches", "2147483648"), ("mesh", "131073x2"), ("memory_per_device", "1e25")],
)
def test_just_too_large(name: str, word: str) -> None:
    with pytest.raises(UserError, match=r"want (at most|from 1 to)"):
        plan_options({name: word})


def test_the_largest() -> None:
    asked = plan_options({"hosts": "131072", "microbatches": "2147483647", "loss": "0002", "memory_per_device": "1e24"})
    assert (asked.hosts, asked.microbatches, asked.loss) == (131072, 2147483647, 2)
    assert asked.memory_per_device == 1e24


@pytest.mark.parametrize("number", [*NO_NUMBERS, str(1 << 63), "1" + "0" * 30, "9" * 5000, ""])
@pytest.mark.parametrize(("option", "least"), [("--steps", 1), ("--seed", 0)])
def test_launcher_options(option: str, least: int, number: str) -> None:
    with pytest.raises(click.ClickException) as caught:
        read_words(["plan", option, number])
    text = caught.value.format_message()
    assert f"'{option}': got '" in text
    assert f"want a whole number from {least} to 9223372036854775807" in text
    assert len(text) < 200


@pytest.mark.parametrize("number", [1, 1 << 62, (1 << 63) - 1])
def test_launcher_takes(number: int) -> None:
    options = read_words(["plan", "--steps", str(number), "--seed", str(number)])
    assert options is not None
    assert (options.steps, options.seed) == (number, number)
    options = read_words(["plan"])
    assert options is not None
    assert (options.steps, options.seed) == (1, 0)
