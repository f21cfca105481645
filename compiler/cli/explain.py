"""``python -m compiler explain PLAN``."""

import click

from compiler.cli.output import print_json, print_tables, terminal_width


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def explain(plan: str, *, as_json: bool) -> None:
    """Show what a plan does: stages, meshes, shardings, memory, transfers, the schedule as a clock table, the predicted time.

    PLAN is a folder that `plan` wrote.
    """
    from compiler.plan_io import load_plan
    from compiler.report import explain_json, explain_text

    loaded = load_plan(plan)
    if as_json:
        print_json(explain_json(loaded))
    else:
        print_tables(explain_text(loaded, terminal_width()))
