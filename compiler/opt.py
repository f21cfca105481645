"""``python -m compiler.opt``: run a pipeline on IR, with mlir-opt's habits. It loads no jax, no solver and no MPI."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from dialects import interrupts

if __name__ == "__main__":
    interrupts.hold()

import click
from jaxlib.mlir import ir

from compiler.cli.errors import guarded, say_error
from compiler.frontends.load import load_bytes
from compiler.frontends.parse import parse_bytes, read_bytes
from compiler.pipeline.expected import as_diagnostic, expectations, mismatches
from compiler.pipeline.listing import list_passes
from compiler.pipeline.registry import Item
from compiler.pipeline.run import Observer, run_pipeline
from compiler.pipeline.text import parse_pipeline
from compiler.plan.scratch import whole_file
from dialects.context import make_context
from dialects.diagnostics import Diagnostic
from dialects.errors import Failure, MeshwrightError

_SPLIT = re.compile(rb"^// -----.*$", re.MULTILINE)


@dataclass(frozen=True)
class Printing:
    """How the result is written."""

    locations: bool
    generic: bool

    def text(self, module: ir.Module) -> str:
        """The module as text, without the empty line that MLIR ends it with."""
        return str(
            module.operation.get_asm(enable_debug_info=self.locations, print_generic_op_form=self.generic)
        ).rstrip("\n")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", default="-")
@click.option(
    "-p", "--pass-pipeline", "pipeline", default="", metavar="PIPELINE", help="Passes, e.g. 'normalize,func.func(cse)'."
)
@click.option("-o", "--output", default="-", metavar="FILE", help="Where to write; - is stdout.")
@click.option("--split-input-file", is_flag=True, help="Cut the input at lines '// -----' and run each part alone.")
@click.option("--verify-diagnostics", is_flag=True, help="Compare what is said with '// expected-error @+1 {{...}}'.")
@click.option(
    "--program", is_flag=True, help="Check and prepare the input as 'compiler plan' does before the first pass."
)
@click.option(
    "--list-passes", "listing", is_flag=True, help="Print the passes with their options, and do nothing else."
)
@click.option("--dump-dir", metavar="DIR", help="Write the IR after each pass into DIR.")
@click.option("--timing", is_flag=True, help="Print to stderr how long each pass took.")
@click.option("--print-locations", is_flag=True, help="Print the locations of ops.")
@click.option("--print-generic", is_flag=True, help="Print ops in MLIR's generic form.")
def main(
    file: str,
    pipeline: str,
    output: str,
    dump_dir: str | None,
    *,
    split_input_file: bool,
    verify_diagnostics: bool,
    program: bool,
    listing: bool,
    timing: bool,
    print_locations: bool,
    print_generic: bool,
) -> None:
    """Run a pipeline of passes on FILE (- is stdin) and print the module that comes out.

    PIPELINE is MLIR's syntax: NAME, NAME{option=value option=value}, func.func(NAME,NAME), joined by commas. Meshwright's own
    passes and MLIR's go together; --list-passes shows both.
    """
    if listing:
        click.echo(list_passes())
        return
    blob = read_bytes(file)
    shown = "<stdin>" if file == "-" else file
    printing = Printing(print_locations, print_generic)
    with make_context() as context, ir.Location.unknown():
        items = parse_pipeline(pipeline)
        observer = Observer(Path(dump_dir) if dump_dir else None)
        parts = _parts(blob) if split_input_file else [blob]
        if verify_diagnostics:
            _verify(parts, items, context, shown, program=program)
            return
        texts: list[str] = []
        for part in parts:
            module = _read(part, context, shown, program=program)
            run_pipeline(module, items, observer)
            texts.append(printing.text(module))
    if timing:
        observer.print_timing()
    _write("\n// -----\n".join(texts) + "\n", output)


def _parts(blob: bytes) -> list[bytes]:
    """The parts of a split file; empty lines in front keep the line numbers true."""
    parts: list[bytes] = []
    start = 0
    for cut in [*_SPLIT.finditer(blob), None]:
        end = cut.start() if cut else len(blob)
        if blob[start:end].strip():
            parts.append(b"\n" * blob.count(b"\n", 0, start) + blob[start:end])
        start = cut.end() if cut else end
    return parts


def _read(blob: bytes, context: ir.Context, shown: str, *, program: bool) -> ir.Module:
    return load_bytes(blob, context, shown).module if program else parse_bytes(blob, context, shown).module


def _verify(parts: list[bytes], items: tuple[Item, ...], context: ir.Context, shown: str, *, program: bool) -> None:
    """Exit with 1 unless each part says exactly what its annotations expect."""
    problems: list[str] = []
    for part in parts:
        said: list[Diagnostic] = []
        observer = Observer(None)
        try:
            run_pipeline(_read(part, context, shown, program=program), items, observer)
        except MeshwrightError as error:
            said.append(as_diagnostic(error, shown))
        said += [item for item in observer.said if item.severity != "error"]
        problems += mismatches(expectations(part.decode(errors="replace")), said, shown)
    for problem in problems:
        say_error(problem)
    if problems:
        raise click.exceptions.Exit(1)


def _write(text: str, output: str) -> None:
    if output == "-":
        sys.stdout.write(text)
        return
    try:
        with whole_file(output) as path:
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot be written: {error.strerror or error}", where=output) from error


if __name__ == "__main__":
    guarded(main, "python -m compiler.opt")
