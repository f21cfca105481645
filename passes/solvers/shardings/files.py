"""A sharding problem as a file, so that others can check the optimum: .npz to read back, .mps for any other solver.

The .npz holds plain arrays (no objects). Costs are stored once each: `values` end to end, `table_start`, `table_rows`,
`table_columns` (0 for a vector); nodes, edges and rows name them by number.

    node_name, node_table          edge_a, edge_b, edge_table          row_name, row_limit_bytes
    use_row, use_node, use_table: what a node takes in a memory row
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passes.solvers.shardings.problem import Costs, Edge, MemoryRow, Node, ShardingProblem


def dump_npz(problem: ShardingProblem, path: str | Path) -> None:
    """Write the problem; arrays that are shared in memory are stored once."""
    tables: dict[int, tuple[int, Costs]] = {}

    def number(array: Costs) -> int:
        return tables.setdefault(id(array), (len(tables), array))[0]

    uses = [(r, node, number(use)) for r, row in enumerate(problem.rows) for node, use in row.bytes_of.items()]
    columns: dict[str, NDArray[np.generic]] = {
        "node_name": np.array([node.name for node in problem.nodes], dtype=np.str_),
        "node_table": np.array([number(node.cost) for node in problem.nodes], dtype=np.int64),
        "edge_a": np.array([edge.a for edge in problem.edges], dtype=np.int64),
        "edge_b": np.array([edge.b for edge in problem.edges], dtype=np.int64),
        "edge_table": np.array([number(edge.cost) for edge in problem.edges], dtype=np.int64),
        "row_name": np.array([row.name for row in problem.rows], dtype=np.str_),
        "row_limit_bytes": np.array([row.limit_bytes for row in problem.rows], dtype=np.float64),
        "use_row": np.array([row for row, _, _ in uses], dtype=np.int64),
        "use_node": np.array([node for _, node, _ in uses], dtype=np.int64),
        "use_table": np.array([table for _, _, table in uses], dtype=np.int64),
    }
    arrays = [np.asarray(array, dtype=np.float64) for _, array in tables.values()]
    sizes = np.array([array.size for array in arrays], dtype=np.int64)
    columns["table_start"] = np.cumsum(sizes) - sizes
    columns["table_rows"] = np.array([array.shape[0] for array in arrays], dtype=np.int64)
    columns["table_columns"] = np.array([array.shape[1] if array.ndim > 1 else 0 for array in arrays], dtype=np.int64)
    columns["values"] = np.concatenate([array.ravel() for array in arrays]) if arrays else np.zeros(0)
    with Path(path).open("wb") as file:  # an open file: savez would add .npz to a name without it
        np.savez_compressed(file, allow_pickle=False, **columns)


def load_npz(path: str | Path) -> ShardingProblem:
    """Read a problem back; arrays stored once are shared again."""
    with np.load(Path(path), allow_pickle=False) as stored:
        got: dict[str, NDArray[np.generic]] = {name: stored[name] for name in stored.files}
    shapes = zip(*(got[f"table_{part}"].tolist() for part in ("start", "rows", "columns")), strict=True)
    values = got["values"].astype(np.float64)
    tables = [
        values[at : at + rows * max(columns, 1)].reshape((rows, columns) if columns else (rows,))
        for at, rows, columns in shapes
    ]
    nodes = [Node(name, tables[t]) for name, t in _together(got, "node_name", "node_table")]
    edges = [Edge(a, b, tables[t]) for a, b, t in _together(got, "edge_a", "edge_b", "edge_table")]
    rows = [MemoryRow(name, limit, {}) for name, limit in _together(got, "row_name", "row_limit_bytes")]
    bytes_of: list[dict[int, Costs]] = [{} for _ in rows]
    for row, node, table in _together(got, "use_row", "use_node", "use_table"):
        bytes_of[row][node] = tables[table]
    filled = tuple(MemoryRow(row.name, row.limit_bytes, uses) for row, uses in zip(rows, bytes_of, strict=True))
    return ShardingProblem(tuple(nodes), tuple(edges), filled)


def _together(got: dict[str, NDArray[np.generic]], *names: str) -> Iterator[tuple]:
    return zip(*(got[name].tolist() for name in names), strict=True)


def write_mps(problem: ShardingProblem, path: str | Path) -> None:
    """Write the 0-1 program in free MPS, costs in microseconds, bytes in units of each row's limit.

    Columns x<node>_<strategy> are binary and y<edge>_<a>_<b> continuous; forbidden ones are absent. Rows: o<node> one strategy,
    a<edge>_<s> and b<edge>_<s> the marginals, m<row> memory.
    """
    with Path(path).open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in _mps(problem))


def _mps(problem: ShardingProblem) -> Iterator[str]:
    allowed = [np.flatnonzero(np.isfinite(node.cost)).tolist() for node in problem.nodes]
    entries: dict[tuple[int, int], list[str]] = {(n, s): [f"o{n} 1"] for n, kept in enumerate(allowed) for s in kept}
    yield from ("NAME sharding", "ROWS", " N seconds")
    yield from (f" E o{n}" for n in range(len(problem.nodes)))
    for e, edge in enumerate(problem.edges):
        for letter, node in (("a", edge.a), ("b", edge.b)):
            for s in allowed[node]:
                yield f" E {letter}{e}_{s}"
                entries[node, s].append(f"{letter}{e}_{s} -1")
    for r, row in enumerate(problem.rows):
        yield f" L m{r}"
        for node, use in row.bytes_of.items():
            for s in allowed[node]:
                entries[node, s].append(f"m{r} {float(use[s]) / row.limit_bytes!r}")
    yield from ("COLUMNS", " MARK0 'MARKER' 'INTORG'")
    for (node, s), mine in entries.items():
        cost = float(problem.nodes[node].cost[s]) * 1e6
        yield from (f" x{node}_{s} {entry}" for entry in (f"seconds {cost!r}", *mine))
    yield " MARK1 'MARKER' 'INTEND'"
    for e, edge in enumerate(problem.edges):
        for s in allowed[edge.a]:
            for t in allowed[edge.b]:
                if np.isfinite(cost := float(edge.cost[s, t])):
                    yield f" y{e}_{s}_{t} seconds {cost * 1e6!r} a{e}_{s} 1"
                    yield f" y{e}_{s}_{t} b{e}_{t} 1"
    yield "RHS"
    yield from (f" RHS o{n} 1" for n in range(len(problem.nodes)))
    yield from (f" RHS m{r} 1" for r in range(len(problem.rows)))
    yield "BOUNDS"
    yield from (f" BV BOUND x{node}_{s}" for node, s in entries)
    yield "ENDATA"
