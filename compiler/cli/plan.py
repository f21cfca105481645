"""``python -m compiler plan MODULE -o PLAN``."""

import time

import click

from compiler.cli.name import runner
from compiler.cli.options import plan_options, with_planner_options
from compiler.cli.output import print_json, print_tables, say, terminal_width


@click.command()
@click.argument("module", metavar="MODULE")
@click.option(
    "-o", "--output", required=True, metavar="PLAN", help="The folder to write; an older plan there is replaced."
)
@with_planner_options()
@click.option("--json", "as_json", is_flag=True, help="Print what `explain --json` would, nothing else.")
def plan(module: str, output: str, *, as_json: bool, **words: str | None) -> None:
    """Plan a training step for a machine.

    MODULE is one StableHLO program, a whole training step or an inference step: .mlir text, MLIR bytecode, a portable artifact
    or a serialized jax.export, told apart by content; - is stdin. PLAN is a folder that `mpirun -np N
    meshwright run PLAN` executes on N = hosts x devices ranks.
    """
    options = plan_options(words)
    from compiler.driver import make_plan
    from compiler.explain.document import explain_json
    from compiler.explain.text import explain_text
    from compiler.explain.words import show_axes, show_certificate

    began = time.perf_counter()
    made = make_plan(module, output, options)
    seconds = time.perf_counter() - began
    if as_json:
        print_json(explain_json(made))
        return
    print_tables(explain_text(made, terminal_width())[:1])
    ranks = sum(len(mesh.ranks) for mesh in made.meshes)
    for remark in made.remarks:
        say(f"remark: {remark}")
    for decision in made.decisions:
        name = made.meshes[decision.mesh].name
        say(f"{name} as {show_axes(decision)}, chosen by {decision.chooser}: {show_certificate(decision.certificate)}")
        for remark in decision.remarks:
            say(f"remark: {name}: {remark}")
    say(f"planned in {seconds:.1f} s")
    say(f"wrote {output}; run it: mpirun -np {ranks} {runner()} {output}")
