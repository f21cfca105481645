"""What users should know about their program before they wonder why something is not split."""

from collections import defaultdict
from collections.abc import Mapping

from compiler.decisions.names import Names
from passes.analysis.ops.local_rules import allowed_factors
from passes.analysis.ops.rules import read_rule
from passes.analysis.shardings.cases import Case
from passes.analysis.shardings.graph import Member

_MOST = 8  # of one kind: who reads more remarks than fit a screen reads none
_WIDE = 4  # a dim shorter than this many times an axis is not worth a remark: kernels of 3, heads of 2


def remarks_of(case: Case, value_names: Mapping[str, str], user: Names) -> tuple[str, ...]:
    """Ops that only run whole on every device, and dims of arguments that no axis divides. Shardy's rules must be on the ops."""
    return (*_capped(_whole_ops(case, user), "more ops"), *_capped(_odd_dims(case, value_names), "more sizes"))


def _capped(lines: list[str], what: str) -> list[str]:
    left = len(lines) - _MOST
    return lines if left <= 0 else [*lines[:_MOST], f"and {left} {what}"]


def _whole_ops(case: Case, user: Names) -> list[str]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for site in case.graph.sites:
        for member in site.members:
            if len(member.strategies) == 1 and site.shape and _has_no_rule(member):
                found[member.op.name.rpartition(".")[2], user.of(member.op).location] += 1
    lines: list[str] = []
    for (name, location), count in found.items():
        where = f" at {location}" if location else ""
        lines.append(f"{name}{where}{_times(count)} runs whole on every device: no way to split it is known")
    return lines


def _has_no_rule(member: Member) -> bool:
    rule = read_rule(member.op)
    if rule is None:
        return True
    wide = [factor for factor, size in enumerate(rule.sizes) if size > 1]
    return bool(wide) and not any(factor in allowed_factors(member.op, rule) for factor in wide)


def _odd_dims(case: Case, value_names: Mapping[str, str]) -> list[str]:
    sizes = [size for _, size in case.prices.mesh.axes if size > 1]
    if not sizes:
        return []
    found: dict[int, list[str]] = defaultdict(list)
    for name, site in case.graph.ports.items():
        for dim, size in enumerate(site.shape):
            if name in value_names and size >= _WIDE * max(sizes) and all(size % axis for axis in sizes):
                found[size].append(f"dim {dim} of {value_names[name]}")
    axes = ", ".join(f"{name}={size}" for name, size in case.prices.mesh.axes)
    return [
        f"size {size} divides over no axis of {axes}, so that dim stays whole: {dims[0]}"
        + (f" and {len(dims) - 1} more" if len(dims) > 1 else "")
        for size, dims in found.items()
    ]


def _times(count: int) -> str:
    return f" ({count} of them)" if count > 1 else ""
