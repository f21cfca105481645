"""State by its name: whole subtrees of equal paths and types in arguments and results, where most results are updates."""

import heapq
from dataclasses import dataclass

from jaxlib.mlir import ir

from passes.analysis.roles.names import path_of, sounds_like_batch, words_of
from passes.analysis.roles.state_facts import StateFacts, StatePair

Prefixes = tuple[tuple[str, ...], tuple[str, ...]]


def pairs_by_name(facts: StateFacts) -> dict[int, StatePair]:
    """Largest subtrees first; a subtree that is doubtful waits until all others are paired."""
    groups: dict[Prefixes, set[tuple[int, int]]] = {}
    for argument, result, key in _suffix_matches(facts):
        groups.setdefault(key, set()).add((argument, result))
    by_size: dict[int, list[Prefixes]] = {}  # the first thing that _rank looks at; most groups never need the rest
    for key, members in groups.items():
        by_size.setdefault(len(members), []).append(key)
    found: dict[int, StatePair] = {}
    taken: set[int] = set()
    doubtful: list[Prefixes] = []
    for size in range(max(by_size, default=0), 0, -1):
        heap: list[tuple[tuple[float, ...], Prefixes]] = []
        for key in by_size.pop(size, []):
            groups[key] = left = {(a, r) for a, r in groups[key] if a not in found and r not in taken}
            if len(left) == size:
                heap.append((_rank(facts, left), key))
            else:
                by_size.setdefault(len(left), []).append(key)
        heapq.heapify(heap)
        while heap:
            _, key = heapq.heappop(heap)
            left = {(a, r) for a, r in groups[key] if a not in found and r not in taken}
            if len(left) < size:
                groups[key] = left
                by_size.setdefault(len(left), []).append(key)
            elif _credible(facts, left, found):
                _take_named(facts, left, found, taken)
            else:
                doubtful.append(key)
    for key in doubtful:  # low-precision copies are functions of the master weights, which are paired by now
        left = {(a, r) for a, r in groups[key] if a not in found and r not in taken}
        if left and _credible(facts, left, found):
            _take_named(facts, left, found, taken)
    return found


def _take_named(facts: StateFacts, members: set[tuple[int, int]], found: dict[int, StatePair], taken: set[int]) -> None:
    for argument, result in members:
        how = f"named like result {result}, '{facts.signature.result_names[result]}'"
        if facts.aliases.get(argument) == result:
            how = f"donated to result {result}, which has its name"
        found[argument] = StatePair(argument, result, how)
        taken.add(result)


def _suffix_matches(facts: StateFacts) -> list[tuple[int, int, Prefixes]]:
    """Pairs of one type whose paths end alike, with what comes before the common end."""
    by_end: dict[tuple[ir.Type, str], list[tuple[int, _Path]]] = {}
    for result, name in enumerate(facts.signature.result_names):
        path = path_of(name)
        if len(path) > 0:
            by_end.setdefault((facts.signature.result_types[result], path[-1]), []).append((result, _Path.of(path)))
    found: list[tuple[int, int, Prefixes]] = []
    for argument, name in enumerate(facts.signature.argument_names):
        path = path_of(name)
        if len(path) < 2:
            continue
        if argument not in facts.donated and sounds_like_batch(name):  # but target['w'] is a target network
            continue
        mine = _Path.of(path)
        for result, other in by_end.get((facts.signature.argument_types[argument], path[-1]), ()):
            length = mine.common_end(other)
            found.append((argument, result, (mine.without_end[length], other.without_end[length])))
    return found


def _rank(facts: StateFacts, members: set[tuple[int, int]]) -> tuple[float, ...]:
    """Best first: most leaves, most of them elementwise updates, short ways, most donated so, order of the program.

    A way of no ops comes last: a result that is an argument unchanged may be another's next value (the iterate before).
    """
    ways = [facts.distances[result].get(argument) for argument, result in members]
    known = [way for way in ways if way is not None]
    donated = sum(facts.aliases.get(argument) == result for argument, result in members)
    mean = sum(known) / len(known) if known else 0.0
    returned = sum(argument in facts.returned for argument, _ in members)
    order = min(abs(argument - result) for argument, result in members)
    return -len(members), -len(known) / len(members), mean == 0, mean, returned, -donated, order


def _credible(facts: StateFacts, members: set[tuple[int, int]], found: dict[int, StatePair]) -> bool:
    """Whether most results are updates: of their arguments, or of state that is already ``found``; or donation agrees."""
    updated = agreed = 0
    for argument, result in members:
        new_words = words_of(facts.signature.result_names[result]) - words_of(facts.signature.argument_names[argument])
        if any(word.startswith("grad") for word in new_words):
            return False
        reached = facts.distances[result]
        rank = ir.RankedTensorType(facts.signature.argument_types[argument]).rank
        updated += argument in reached or (rank > 0 and any(item in found for item in reached))
        agreed += facts.aliases.get(argument) == result
    return updated * 2 >= len(members) or (agreed * 2 >= len(members) and updated > 0)


@dataclass(frozen=True, slots=True)
class _Path:
    """A name's parts from its end, and what is left without the last 0, 1, … of them: there are 10^5 pairs of names to compare."""

    from_end: tuple[str, ...]
    without_end: tuple[tuple[str, ...], ...]

    @staticmethod
    def of(path: tuple[str, ...]) -> "_Path":
        return _Path(path[::-1], tuple(path[: len(path) - length] for length in range(len(path) + 1)))

    def common_end(self, other: "_Path") -> int:
        length = 0
        for one, two in zip(self.from_end, other.from_end, strict=False):
            if one != two:
                break
            length += 1
        return length
