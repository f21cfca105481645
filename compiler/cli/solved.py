"""What ``compiler solve`` prints."""

from rich.console import RenderableType
from rich.text import Text

from compiler.explain.tables import table
from compiler.explain.words import show_certificate
from compiler.solve import Solved
from compiler.units import show_bytes, show_s


def solved_tables(solved: Solved) -> list[RenderableType]:
    """One row a mesh, the certificates, and the seconds of each part."""
    rows = [
        (
            item.mesh,
            " ".join(f"{name}={size}" for name, size in item.axes.items()),
            f"{item.certificate.num_nodes}",
            f"{item.certificate.num_edges}",
            f"{item.num_rows}",
            show_s(item.certificate.objective_s),
            show_s(item.certificate.bound_s),
            f"{item.certificate.gap:.2%}",
            item.certificate.method,
            show_bytes(sum(item.memory.bytes_of.values())),
        )
        for item in solved.meshes
    ]
    columns = ("mesh", "axes", "nodes", "edges", "memory rows", "objective", "bound", "gap", "method", "bytes / device")
    shown: list[RenderableType] = [
        table(f"{solved.name}, chosen by {solved.chooser}", columns, rows, right=columns[2:8])
    ]
    shown += [Text(f"{item.mesh}: {show_certificate(item.certificate)}") for item in solved.meshes]
    parts = [(name, f"{seconds:.2f}") for name, seconds in solved.seconds.items()]
    parts.append(("all", f"{sum(solved.seconds.values()):.2f}"))
    shown.append(table("seconds", ("part", "seconds"), parts, right=("seconds",)))
    shown.append(Text(f"peak memory of this process {show_bytes(solved.peak_bytes)}"))
    return [*shown, *(Text(f"wrote {file}") for file in solved.files)]
