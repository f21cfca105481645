"""Which nodes look alike: colours refined by the colours of neighbours, a few times (1-dimensional Weisfeiler-Leman).

Nodes of one colour have equal costs, edges and surroundings up to that radius: the same place of repeated layers. Whatever is
decided for a whole colour keeps equal layers equal, so that work on them is still done once.
"""

from passes.solvers.shardings.shrink import Graph

_RADIUS = 2
_NEAR = 1  # radius of the colours that the visiting order goes by


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


def visiting_order(graph: Graph) -> tuple[int, ...]:
    """The nodes, colour by colour: the same place of all layers together, then the next place.

    Nodes next to each other in one colour take turns. Passes over this order have as many steps as a layer has places, not as
    the program has nodes (GPT of 48 layers: 29 steps, not 1488), and bring a bound as good.
    """
    colour, turn = colours(graph, _NEAR), dict[int, int]()
    for node in sorted(graph.cost):
        taken = {turn[other] for other in graph.near[node] if other < node and colour[other] == colour[node]}
        turn[node] = next(i for i in range(len(taken) + 1) if i not in taken)
    return tuple(sorted(graph.cost, key=lambda node: (colour[node], turn[node], node)))
