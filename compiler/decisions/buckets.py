"""The buckets of a partitioned module, as records: what the program really does of what was charged."""

from collections.abc import Iterator, Mapping, Sequence

from jaxlib.mlir import ir
from msgspec import structs

from compiler.plan.decisions import BucketRecord, DecisionRecord
from compiler.plan.price import shorter
from compiler.transfers.arrivals import mesh_number
from dialects import attributes as names
from dialects.ops import all_ops, element_type
from dialects.signature import fragment_funcs, op_int, op_text
from dialects.values import PER_MICROBATCH
from passes.partition.counts import axes_of, member_bytes
from passes.solvers.costs.mesh_costs import Kind, MeshCosts
from passes.solvers.costs.reshard import JOINED

_KINDS: dict[str, Kind] = {f"stablehlo.{kind}": kind for kind in JOINED}
_ROUNDING = 1e-4  # relative: records have six digits


def with_buckets(
    records: Sequence[DecisionRecord], module: ir.Module, costs: Mapping[int, MeshCosts]
) -> tuple[DecisionRecord, ...]:
    """``records`` (one a mesh) with the buckets of ``module``, and with the objective that these make. ``costs``: of each mesh.

    The solver charged a latency for each bucket that it saw coming. Where two of them had to wait for each other there are more.
    """
    microbatches = op_int(module.operation, names.MICROBATCHES) or 1
    found: dict[int, list[BucketRecord]] = {record.mesh: [] for record in records}
    for func in fragment_funcs(module):
        runs = float(microbatches if op_text(func.operation, names.PHASE) in PER_MICROBATCH else 1)
        mesh = mesh_number(func)
        found.setdefault(mesh, []).extend(_buckets(func, costs[mesh], runs))
    return tuple(_counted(record, tuple(found[record.mesh])) for record in records)


def _counted(record: DecisionRecord, buckets: tuple[BucketRecord, ...]) -> DecisionRecord:
    certificate = record.certificate
    charged = certificate.objective_s - record.shared_s - sum(group.seconds for group in record.groups)
    counted = sum(bucket.latency_s for bucket in buckets)
    more = counted - charged
    if abs(more) > _ROUNDING * abs(certificate.objective_s):
        objective = certificate.objective_s + more
        gap = (objective - certificate.bound_s) / abs(objective) if objective else 0.0
        certificate = structs.replace(certificate, objective_s=objective, gap=max(gap, 0.0))
    return structs.replace(record, buckets=buckets, certificate=certificate)


def _buckets(func: ir.OpView, costs: MeshCosts, runs: float) -> Iterator[BucketRecord]:
    fragment = ir.StringAttr(func.operation.attributes["sym_name"]).value
    for op in all_ops(func.operation):
        sizes, kind = member_bytes(op), _KINDS.get(op.name)
        if sizes and kind is not None:
            axes = axes_of(op, costs.mesh)
            latency = runs * costs.joined_lines(kind, axes)[0]
            yield BucketRecord(fragment, kind, axes, str(element_type(op.operands[0])), sizes, runs, shorter(latency))
