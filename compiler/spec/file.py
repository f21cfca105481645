"""The file of ``--plan-spec``: read as TOML, checked, every mistake with its line (docs/plan-spec.md is the reference)."""

import difflib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NoReturn, cast

import msgspec

from compiler.options import CHOOSER_NAMES, MOST_COUNT, MOST_DEVICES, StageSpec
from compiler.schedules.table import SCHEDULES
from dialects.errors import fail

MOST_FILE_BYTES = 1 << 20
MOST_LETTERS = 1000  # of a name
MOST_AXES = 3
_LATER = ("full", "selective")  # remat that has a meaning and is not built


class _Stage(msgspec.Struct, frozen=True):
    """A table ``[[stage]]``."""

    until: str | int | None = None
    devices: int | None = None
    ranks: tuple[int, ...] | None = None
    shape: tuple[int, ...] | None = None
    intra: str | None = None
    remat: str = "none"


class _File(msgspec.Struct, frozen=True):
    """The whole file."""

    stage: tuple[_Stage, ...]
    microbatches: int | None = None
    schedule: str | None = None


@dataclass(frozen=True)
class PlanSpec:
    """What a file asks for. None means that it does not say."""

    stages: tuple[StageSpec, ...]
    microbatches: int | None = None
    schedule: str | None = None


def read_spec(path: str) -> PlanSpec:
    """Read and check the file. Raises UserError with the line: no TOML, an unknown key, a value of another kind or out of range."""
    try:
        file = Path(path)
        if not file.is_file():
            fail("there is no such file", where=path, remedy="`compiler explain PLAN --spec` prints one")
        if file.stat().st_size > MOST_FILE_BYTES:
            fail(f"has more than {MOST_FILE_BYTES} bytes, want a plan spec", where=path)
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except RecursionError:
        fail("cannot be read as TOML: it is nested too deep", where=path)
    except (OSError, ValueError) as error:  # not text, not TOML, a number of 5000 digits
        fail(f"cannot be read as TOML: {str(error)[:300]}", where=path)
    return _Reader(path, text).spec(data)


@dataclass(frozen=True)
class _Reader:
    path: str
    text: str

    def spec(self, data: dict[str, Any]) -> PlanSpec:
        self._check_keys(data, _File, None)
        tables = cast("Any", data.get("stage"))
        if (
            not isinstance(tables, list)
            or not tables
            or not all(isinstance(item, dict) for item in cast("Any", tables))
        ):
            fail("got no [[stage]], want a table for each stage, in order", where=self.path)
        for number, table in enumerate(cast("list[dict[str, Any]]", tables)):
            self._check_keys(table, _Stage, number)
        try:
            found = msgspec.convert(data, _File)
        except msgspec.ValidationError as error:
            self._refuse(error)
        if found.microbatches is not None and not 1 <= found.microbatches <= MOST_COUNT:
            self._fail(f"got {_short(found.microbatches)}, want from 1 to {MOST_COUNT}", None, "microbatches")
        if found.schedule is not None and found.schedule not in SCHEDULES:
            self._fail(f"got '{_short(found.schedule)}', want one of {', '.join(SCHEDULES)}", None, "schedule")
        last, by_hand = len(found.stage) - 1, any(stage.until is not None for stage in found.stage)
        for number, stage in enumerate(found.stage):
            self._check_cut(stage, number, last=number == last, by_hand=by_hand)
        stages = tuple(self._stage(stage, number) for number, stage in enumerate(found.stage))
        return PlanSpec(stages, found.microbatches, found.schedule)

    def _check_cut(self, stage: _Stage, number: int, *, last: bool, by_hand: bool) -> None:
        if last and stage.until is not None:
            self._fail("the last stage has a cut, want none: it ends with the program", number, "until")
        if by_hand and not last and stage.until is None:
            remedy = 'write until = "LAYER": `compiler inspect MODULE --layers` lists them'
            fail("has no 'until', which all but the last need", where=self._where(number, None), remedy=remedy)

    def _stage(self, stage: _Stage, number: int) -> StageSpec:
        until = None if stage.until is None else str(stage.until)
        if until is not None and not 1 <= len(until) <= MOST_LETTERS:
            self._fail(f"got {len(until)} letters, want a name of 1 to {MOST_LETTERS}", number, "until")
        if stage.devices is not None and not 1 <= stage.devices <= MOST_DEVICES:
            self._fail(f"got {_short(stage.devices)}, want from 1 to {MOST_DEVICES}", number, "devices")
        self._numbers(stage.ranks, number, "ranks", 0)
        self._numbers(stage.shape, number, "shape", 1)
        self._sizes(stage, number)
        if stage.intra is not None and stage.intra not in CHOOSER_NAMES:
            self._fail(f"got '{_short(stage.intra)}', want one of {', '.join(CHOOSER_NAMES)}", number, "intra")
        if stage.remat in _LATER:
            self._fail("rematerialisation is not built yet", number, "remat", 'write remat = "none", or leave it out')
        if stage.remat != "none":
            self._fail(f"got '{_short(stage.remat)}', want none, full or selective", number, "remat")
        width = None if stage.shape is None or stage.ranks is not None else prod(stage.shape)
        return StageSpec(
            until=until,
            devices=width if stage.devices is None else stage.devices,
            ranks=stage.ranks,
            shape=stage.shape,
            intra=stage.intra,
            remat=stage.remat,
        )

    def _numbers(self, values: Sequence[int] | None, number: int, key: str, least: int) -> None:
        for value in values or ():
            if not least <= value < MOST_DEVICES + least:
                self._fail(f"got {_short(value)}, want from {least} to {MOST_DEVICES + least - 1}", number, key)

    def _sizes(self, stage: _Stage, number: int) -> None:
        """What the three ways to say how many devices there are say together."""
        if stage.ranks is not None and not stage.ranks:
            self._fail("got no ranks, want at least one", number, "ranks")
        if stage.ranks is not None and len(set(stage.ranks)) < len(stage.ranks):
            twice = next(rank for rank in stage.ranks if stage.ranks.count(rank) > 1)
            self._fail(f"got rank {twice} twice, want each once", number, "ranks")
        if stage.ranks is not None and stage.devices not in (None, len(stage.ranks)):
            self._fail(f"got {stage.devices} devices and {len(stage.ranks)} ranks, want as many", number, "ranks")
        width = stage.devices if stage.ranks is None else len(stage.ranks)
        if stage.shape is not None and not 1 <= len(stage.shape) <= MOST_AXES:
            self._fail(f"got {len(stage.shape)} sizes, want 1 to {MOST_AXES}", number, "shape")
        if stage.shape is not None and width is not None and prod(stage.shape) != width:
            got = " x ".join(map(str, stage.shape))
            self._fail(f"got {got}, want sizes with the product {width}, the devices of the stage", number, "shape")

    def _check_keys(self, table: dict[str, Any], kind: type[msgspec.Struct], number: int | None) -> None:
        known = [field.encode_name for field in msgspec.structs.fields(kind)]
        for key in table:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                remedy = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(known)}"
                fail(f"unknown key '{_short(key)}'", where=self._where(number, key), remedy=remedy)

    def _refuse(self, error: msgspec.ValidationError) -> NoReturn:
        message, _, place = str(error).partition(" - at `$.")
        stage = re.match(r"stage\[(\d+)\]\.?", place)
        key = place[stage.end() :] if stage else place
        number = int(stage[1]) if stage else None
        self._fail(message[:1].lower() + message[1:], number, key.partition("[")[0].rstrip("`"))

    def _fail(self, message: str, number: int | None, key: str, remedy: str = "") -> NoReturn:
        fail(message, where=f"{self._where(number, key)}, key '{key}'", remedy=remedy)

    def _where(self, number: int | None, key: str | None) -> str:
        """``FILE:7, stage 1``, as far as the line can be told: of the key, else of its table."""
        at, line = -1, 0
        for count, words in enumerate(self.text.splitlines(), 1):
            words = words.strip()
            if re.match(r"\[\s*\[\s*stage\s*\]\s*\]", words):
                at += 1
                line = count if key is None and at == number else line
            elif key is not None and at == (-1 if number is None else number):
                line = line or (count if re.match(rf"[\"']?{re.escape(key)}[\"']?\s*[=.]", words) else 0)
        place = f"{self.path}:{line}" if line else self.path
        return place if number is None else f"{place}, stage {number}"


def _short(value: object) -> str:
    return str(value)[:40]
