"""``explain``: a plan for people, as tables."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from compiler.explain.decisions import decision_tables
from compiler.explain.facts import clock_rows, mesh_rows, sharding_rows, stage_rows, transfer_rows
from compiler.explain.tables import table
from compiler.plan.records import Plan
from compiler.units import show_bytes, show_flops, show_s

_MOST_TRANSFERS = 12  # rows of the text; the JSON has them all


def explain_text(plan: Plan, width: int = 100) -> list[RenderableType]:
    """Tables for a rich console; ``width``: columns that the clock table may take."""
    shown: list[RenderableType] = [_headline(plan), _stages(plan), _meshes(plan), _shardings(plan)]
    shown.append(_transfers(plan))
    shown.append(_clock(plan, width))
    shown += decision_tables(plan)
    shown += [Text(f"remark: {remark}") for remark in plan.remarks]
    return shown


def _headline(plan: Plan) -> Text:
    machine, expected = plan.machine, plan.prediction
    batch = "" if plan.batch_size is None else f" of {plan.batch_size // plan.microbatches} rows"
    return Text(
        f"{plan.name}: {plan.num_stages} stages on {len(plan.meshes)} meshes, {plan.microbatches} microbatches{batch}, "
        f"schedule {plan.schedule}\n"
        f"machine {machine.name}: {machine.hosts} hosts x {machine.devices_per_host} devices, "
        f"{show_bytes(machine.memory_bytes)} each\n"
        f"predicted: {show_s(expected.step_s)} a step, {expected.bubble_fraction:.0%} of it idle, "
        f"{show_bytes(expected.transfer_bytes_per_step)} between meshes"
    )


def _stages(plan: Plan) -> Table:
    columns = ("stage", "mesh", "ends with", "fragments", "work per step", "forward", "backward")
    rows = [
        (
            str(row.stage),
            row.mesh,
            row.until,
            " ".join(row.fragments),
            show_flops(row.flops_per_step),
            show_s(row.forward_s),
            show_s(row.backward_s),
        )
        for row in stage_rows(plan)
    ]
    return table("stages", columns, rows, right=columns[4:])


def _meshes(plan: Plan) -> Table:
    columns = ("mesh", "ranks", "axes", "stages", "arguments / device", "peak / device")
    rows = [
        (
            row.mesh,
            _ranks(row.ranks),
            " ".join(f"{name}={size}" for name, size in row.axes.items()),
            " ".join(map(str, row.stages)),
            show_bytes(row.argument_bytes_per_device),
            f"{show_bytes(row.peak_bytes_per_device)} ({row.peak_bytes_per_device / plan.machine.memory_bytes:.0%})",
        )
        for row in mesh_rows(plan)
    ]
    return table("meshes", columns, rows, right=columns[4:])


def _ranks(ranks: Sequence[int]) -> str:
    if len(ranks) > 2 and list(ranks) == list(range(ranks[0], ranks[0] + len(ranks))):
        return f"{ranks[0]}-{ranks[-1]}"
    return " ".join(map(str, ranks))


def _shardings(plan: Plan) -> Table:
    columns = ("mesh", "values", "count", "split", "bytes", "bytes / device", "largest")
    rows = [
        (
            row.mesh,
            row.what,
            str(row.count),
            row.sharding,
            show_bytes(row.total_bytes),
            show_bytes(row.bytes_per_device),
            row.example,
        )
        for row in sharding_rows(plan)
    ]
    return table("values", columns, rows, right=("count", "bytes", "bytes / device"))


def _transfers(plan: Plan) -> RenderableType:
    rows = transfer_rows(plan)
    if not rows:
        return Text("transfers: none")
    columns = ("value", "type", "bytes", "from", "to", "per", "times a step")
    cells = [
        (
            row.value,
            f"{row.dtype}[{','.join(map(str, row.shape))}]",
            show_bytes(row.message_bytes),
            row.source,
            row.target,
            row.per,
            str(row.times_per_step),
        )
        for row in rows[:_MOST_TRANSFERS]
    ]
    left = rows[_MOST_TRANSFERS:]
    title = "transfers"
    if left:
        size = show_bytes(sum(row.message_bytes * row.times_per_step for row in left))
        title += f" (the {_MOST_TRANSFERS} largest; {len(left)} more move {size} a step, see --json)"
    return table(title, columns, cells, right=("bytes", "times a step"))


def _clock(plan: Plan, width: int) -> Text:
    """The clock table in fixed-width text: rows are stages, columns ticks; its end is cut off when it is too wide."""
    rows = clock_rows(plan.slots, plan.num_stages)
    ticks = len(rows[0]) if rows else 0
    cell = 1 + max((len(text) for row in rows for text in row), default=1)
    label = len(f"stage {plan.num_stages - 1}") + 1
    fitting = max(1, (width - label) // cell)
    lines = [
        f"{f'stage {stage}':<{label}}" + "".join(f"{text or '·':<{cell}}" for text in row[:fitting]).rstrip()
        for stage, row in enumerate(rows)
    ]
    title = f"schedule {plan.schedule} (S setup, F forward, B backward, U update; number: microbatch)"
    if ticks > fitting:
        lines.append(f"remark: {ticks - fitting} of {ticks} ticks do not fit and are not shown, see --json")
    return Text("\n".join([title, *lines]), no_wrap=True)
