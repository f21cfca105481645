"""A calibration as a table for people, and as a machine file with that table in its comments, written whole or not at all."""

import json
from collections.abc import Sequence

from compiler.calibrate.fit import LinkFit, Sample
from compiler.calibrate.measure import Calibration
from compiler.machine.files import load_machine
from compiler.plan.scratch import whole_file
from compiler.units import show_s
from dialects.errors import Failure
from dialects.plain import plain


def residual_table(samples: Sequence[Sample]) -> list[str]:
    """One line for each thing that was measured: size, time, error of the fit; then the median and the worst error."""
    rows: dict[str, list[str]] = {}
    for sample in samples:
        name = f"{sample.group} of {sample.devices}" if sample.devices > 1 else sample.group
        rows.setdefault(name, []).append(f"{sample.label} {show_s(sample.seconds)} ({sample.error:+.0%})")
    width = max(map(len, rows))
    errors = sorted(abs(sample.error) for sample in samples)
    lines = [f"{name:<{width}}  {', '.join(cells)}" for name, cells in rows.items()]
    return [*lines, f"errors of the fit: {errors[len(errors) // 2]:.0%} in the middle, {errors[-1]:.0%} at worst"]


def machine_text(name: str, found: Calibration, memory_bytes: float | None, command: str, date: str) -> str:
    """The TOML file. ``memory_bytes``: what the user says a device may use; else its share of the host's memory."""
    about = found.about
    ranks, per_host = int(about["ranks"]), int(about["ranks_per_host"])
    share = int(about["memory_bytes"]) // per_host
    head = [
        f"# Measured {date} by: {plain(command)}",
        f"# {ranks} ranks on {about['hosts']} host(s) of {about['cores']} cores, {about['processor']}. All ranks work at once:",
        f"# the rates are those of a device whose neighbours are as busy. Load average before: {about['load']:.1f}.",
        *(
            ()
            if int(about["hosts"]) > 1
            else ("# Neither hosts nor devices_per_host is given: any number can be asked for.",)
        ),
        "# Measured times, and by how much the fit is off:",
        *(f"#   {line}" for line in residual_table(found.samples)),
        f"name = {_text(name)}",
    ]
    if int(about["hosts"]) > 1:
        head.append(f"devices_per_host = {per_host}")
    intra = found.links.get("intra") or found.links["inter"]
    memory = f"{int(memory_bytes)} # as said" if memory_bytes else f"{share} # the host's memory / {per_host} ranks"
    head += [
        f"memory_bytes = {memory}",
        f"memory_bandwidth_bytes_per_s = {_number(found.memory_bandwidth_bytes_per_s)}",
        f"dispatch_s = {_number(found.dispatch_s)}",
        f"rings_only = {str(intra.rings_only).lower()} # which of the two explains the times of the collectives better",
        "",
        "[flops_per_s]",
        *(f"{dtype} = {_number(rate)}" for dtype, rate in found.flops_per_s.items()),
    ]
    head += ["", "[intra_host] # collectives of XLA", *_link(intra), "", "[inter_host]", *_inter(found, intra)]
    head += ["", "[transfer] # MPI, between meshes", *_link(found.transfer)]
    head += ["", "[slowdown] # of collectives, against the formulas with these links", *_slowdown(intra)]
    return "\n".join(head) + "\n"


def write_machine(path: str, text: str) -> None:
    """Write and read back. Raises Failure; an older file stays as it was then."""
    try:
        with whole_file(path) as file:
            file.write_text(text, encoding="utf-8")
            load_machine(str(file))
    except OSError as error:
        raise Failure(f"not written: {error.strerror or error}", where=path) from error


def _inter(found: Calibration, intra: LinkFit) -> list[str]:
    if "inter" in found.links:
        return _link(found.links["inter"])
    return ["# there was one host: as inside of it", *_link(intra)]


def _link(link: LinkFit) -> list[str]:
    return [
        f"latency_s = {_number(link.latency_s)}",
        f"bandwidth_bytes_per_s = {_number(link.bandwidth_bytes_per_s)}",
    ]


def _slowdown(link: LinkFit) -> list[str]:
    return [f"{kind} = {factor:.3g}" for kind, factor in link.slowdown.items()]


def _text(value: str) -> str:
    """As TOML writes a text: JSON's escapes are among its own."""
    return json.dumps(plain(value), ensure_ascii=False)


def _number(value: float) -> str:
    """Three digits, as TOML writes a float."""
    text = f"{value:.3g}"
    return text if any(letter in text for letter in ".e") else f"{text}.0"
