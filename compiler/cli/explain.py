"""``python -m compiler explain PLAN``."""

import click

from compiler.cli.output import print_json, print_tables, print_text, terminal_width
from dialects.errors import fail


@click.command()
@click.argument("plan", metavar="PLAN")
@click.option("--diff", "other", metavar="PLAN2", help="What PLAN2 does differently, with both prices.")
@click.option(
    "--why", metavar="OP", help="Part of an op's name, its source line or its kind: its alternatives with prices."
)
@click.option("--spec", is_flag=True, help="The plan spec: planned again with --plan-spec it gives this plan.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def explain(plan: str, *, other: str | None, why: str | None, spec: bool, as_json: bool) -> None:
    """Show what a plan does: stages, meshes, memory, transfers, the schedule as a clock table, the predicted time, and how the
    shardings inside each mesh were chosen: the dearest ops with what they cost, and what would have been next best.

    PLAN is a folder that `plan` wrote. Names and source lines are those of your program.
    """
    from compiler.explain.diff import diff_json, diff_text
    from compiler.explain.document import explain_json, group_json
    from compiler.explain.text import explain_text
    from compiler.explain.why import matching, why_text
    from compiler.plan.files import load_plan
    from compiler.spec.text import spec_text

    asked = [name for name, given in (("--diff", other), ("--why", why), ("--spec", spec or None)) if given is not None]
    if len(asked) > 1:
        fail(f"got both {asked[0]} and {asked[1]}, want one of them", where="explain")
    if spec and as_json:
        fail("prints a TOML file, and no JSON", where="--spec", remedy="leave --json out")
    loaded = load_plan(plan)
    if spec:
        print_text(spec_text(loaded, plan))
    elif other is not None:
        second = load_plan(other)
        if as_json:
            print_json(diff_json(loaded, second))
        else:
            print_tables(diff_text(loaded, second, (plan, other)))
    elif why is not None:
        if as_json:
            print_json({"groups": [group_json(mesh, group) for mesh, group in matching(loaded, why)]})
        else:
            print_tables(why_text(loaded, why))
    elif as_json:
        print_json(explain_json(loaded))
    else:
        print_tables(explain_text(loaded, terminal_width()))
