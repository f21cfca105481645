"""``python -m compiler solve MODULE``."""

import click

from compiler.cli.options import plan_options, with_planner_options
from compiler.cli.output import print_json, print_tables


@click.command()
@click.argument("module", metavar="MODULE")
@with_planner_options()
@click.option("--whole", is_flag=True, help="The whole step as one fragment: no microbatches, phases or stages.")
@click.option("--dump", metavar="FILE", help="Write the problem: .npz (arrays) or .mps (for any other solver).")
@click.option("-o", "--output", metavar="FILE", help="Write the annotated module: .mlir text, or .mlirbc bytecode.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def solve(
    module: str, *, whole: bool, dump: str | None, output: str | None, as_json: bool, **words: str | None
) -> None:
    """Choose shardings and stop there: the problem's size, the objective with its bound, and the seconds of each part.

    MODULE is what `plan` takes. What is written can be checked by others: the problem by any solver, the module by any reader
    of StableHLO and Shardy.
    """
    options = plan_options(words)
    from compiler.cli.solved import solved_tables
    from compiler.solve import solve, solved_json

    solved = solve(module, options, whole=whole, dump=dump, output=output)
    if as_json:
        print_json(solved_json(solved))
    else:
        print_tables(solved_tables(solved))
