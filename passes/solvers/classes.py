"""Which nodes look alike: colours refined by the colours of neighbours, a few times (1-dimensional Weisfeiler-Leman).

Nodes of one colour have equal costs, edges and surroundings up to that radius: the same place of repeated layers. Whatever is
decided for a whole colour keeps equal layers equal, so that work on them is still done once.
"""

from passes.solvers.shrink import Graph

_RADIUS = 2


def colours(graph: Graph, radius: int = _RADIUS) -> dict[int, int]:
    """Node -> colour, numbered in the order of first sight."""
    colour: dict[int, int] = {}
    for step in range(radius + 1):
        numbers: dict[object, int] = {}
        new: dict[int, int] = {}
        for node in sorted(graph.cost):
            seen: object = (graph.cost[node], graph.uses.get(node), graph.kept[node].tobytes())
            if step:
                seen = (colour[node], *sorted((table, colour[other]) for other, table in graph.near[node].items()))
            new[node] = numbers.setdefault(seen, len(numbers))
        colour = new
    return colour
