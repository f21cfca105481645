"""``python -m compiler inspect MODULE``: what the program takes and gives, and what each is for."""

import click

from compiler.cli.options import plan_options, with_planner_options
from compiler.cli.output import print_json, print_tables


@click.command()
@click.argument("module", metavar="MODULE")
@with_planner_options("platform", "batch_args", "loss", "state_args", "microbatches", "batch_statistics")
@click.option(
    "--layers", is_flag=True, help="Where the forward part can be cut: the names that a plan spec's `until` takes."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def inspect(module: str, *, layers: bool, as_json: bool, **words: str | None) -> None:
    """List the arguments and results of a program with index, name, type and role, and how the role was found.

    MODULE is what `plan` takes. Roles of arguments: parameter (state that the loss reads), optimizer (floating-point state that
    only the update reads), state (counters, random keys), batch, constant. Roles of results: state (an argument's next value),
    loss, metric, output. Where a role is wrong, say the right one with the options, here and to `plan`.

    With --layers: the layers of the forward part instead, each with the work of its forward, the bytes of its parameters, what
    crosses a cut after it, all of one microbatch, and its last op.
    """
    options = plan_options(words)
    if layers:
        from compiler.cli.layers import layers_document, layers_of, layers_tables

        split = layers_of(module, options)
        if as_json:
            print_json(layers_document(split))
        else:
            print_tables(layers_tables(split))
        return
    from compiler.cli.inspected import inspected

    found = inspected(module, options)
    if not as_json:
        print_tables(found.tables())
    if found.mistake is not None:
        raise found.mistake
    if as_json:
        print_json(found.document())
