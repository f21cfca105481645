"""Run the passes of a pipeline one by one, and keep what an onlooker wants: the IR after each, the time, the remarks."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from jaxlib.mlir import ir
from jaxlib.mlir.passmanager import PassManager

from compiler.pipeline.registry import Item, Native
from compiler.plan.scratch import whole_file
from dialects.diagnostics import Diagnostic, captured, first_error
from dialects.errors import Failure, UserError, fail
from dialects.plain import plain


@dataclass
class Observer:
    """``dump_dir``: write ``00-input.mlir``, ``01-normalize.mlir``, … there. ``times_s``: seconds by pass, in order."""

    dump_dir: Path | None = None
    times_s: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    said: list[Diagnostic] = field(default_factory=list[Diagnostic])
    _count: int = 0

    def dump(self, module: ir.Module, title: str) -> None:
        """Write the module as it is now."""
        if self.dump_dir is None:
            return
        name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in title.split("{")[0])
        try:
            self.dump_dir.mkdir(parents=True, exist_ok=True)
            with whole_file(self.dump_dir / f"{self._count:02d}-{name}.mlir") as path:
                path.write_text(f"// {title}\n{module}", encoding="utf-8")
        except OSError as error:
            raise Failure(f"cannot be written: {error.strerror or error}", where=str(self.dump_dir)) from error
        self._count += 1

    def print_timing(self) -> None:
        """A table on stderr, one line a pass."""
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        total = sum(seconds for _, seconds in self.times_s) or 1.0
        table = Table(title=f"{total * 1000:.1f} ms in all")
        table.add_column("pass")
        table.add_column("ms", justify="right")
        table.add_column("%", justify="right")
        for name, seconds in self.times_s:
            table.add_row(Text(plain(name)), f"{seconds * 1000:.1f}", f"{100 * seconds / total:.0f}")
        Console(stderr=True).print(table)


def run_pipeline(module: ir.Module, items: tuple[Item, ...], observer: Observer | None = None) -> None:
    """Run ``items`` on ``module``; MLIR verifies it after each. Raises what the first failing pass raises."""
    watcher = observer or Observer()
    watcher.dump(module, "input")
    for item in items:
        start = time.perf_counter()
        watcher.said += run_item(item, module)
        watcher.times_s.append((item.spec(), time.perf_counter() - start))
        watcher.dump(module, item.spec())


def run_item(item: Item, module: ir.Module) -> list[Diagnostic]:
    """Run one pass inside MLIR's pass manager, which verifies the module after it; gives the remarks and warnings.

    A pass' own error crosses intact, with a note that names the pass; what MLIR has to say becomes a UserError.
    """
    manager = _manager(item, module)
    with captured(module.context) as seen:
        try:
            manager.run(module.operation)
        except ir.MLIRError as error:
            found = first_error(seen, error)
            if isinstance(item, Native):
                raise UserError(found.message, where=found.place or f"pass {item.text}") from None
            message = f"pass {item.spec()} left invalid IR: {found.message}"
            raise Failure(message, where=found.place, remedy="this is a bug of Meshwright") from None
        except Exception as error:
            error.add_note(f"in pass {item.spec()}")
            raise
    return seen


def _manager(item: Item, module: ir.Module) -> PassManager:
    manager = PassManager("builtin.module", module.context)
    if isinstance(item, Native):
        try:
            manager.add(item.text)
        except ValueError as error:
            lines = [line for line in str(error).splitlines() if line.strip()]
            fail((lines[0] if lines else "bad options").split(": ", 1)[-1], where=f"pass {item.text}")
        return manager

    def run(_op: ir.Operation, _external: object) -> None:
        item.run(module)

    manager.add(run, name=item.name, argument=item.name)
    return manager
