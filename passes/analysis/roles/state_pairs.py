"""Which argument is the old value of which result: by name, by donation, by how the one is computed from the other.

A wrong pair is worse than none, so each way asks for evidence that the others cannot fake:
- *names*: whole subtrees of equal paths and types, ``opt[0].mu[…]`` and ``result[1][0].mu[…]``, most of whose results are
  elementwise functions of their arguments (a gradient has its parameter's name as well, but is no function of it alone);
- *donation*: ``tf.aliasing_output``, unless a shorter elementwise way says that jax only reused the buffer (it aliases the
  first result of the right type, so two states that come back in the other order get each other's);
- *update*: nothing said; then elementwise functions of the argument, the shortest way first, that the loss does not read.
"""

import heapq
from dataclasses import dataclass
from functools import cached_property

from jaxlib.mlir import ir

from passes.analysis.roles.dependence import Dependence
from passes.analysis.roles.loss import HEAVY
from passes.analysis.roles.names import Signature, path_of, sounds_like_batch, sounds_like_key, words_of

_ALIAS = "tf.aliasing_output"
_DONOR = "jax.buffer_donor"

Prefixes = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class StatePair:
    """Argument ``argument`` is fed from result ``result`` in the next step; ``how`` says why we think so."""

    argument: int
    result: int
    how: str


@dataclass(frozen=True)
class StateSearch:
    """The search, with the facts that its three ways share. ``loss`` is the result that looks like the loss, if any."""

    signature: Signature
    graph: Dependence
    loss: int | None

    @cached_property
    def aliases(self) -> dict[int, int]:
        """Donated argument -> the result that reuses its buffer."""
        found: dict[int, int] = {}
        for index, table in enumerate(self.signature.argument_attrs):
            alias = table.get(_ALIAS)
            if isinstance(alias, ir.IntegerAttr) and alias.value < len(self.signature.result_types):
                found[index] = alias.value
        return found

    @cached_property
    def donated(self) -> frozenset[int]:
        """Arguments that the program may overwrite."""
        tables = enumerate(self.signature.argument_attrs)
        return frozenset(index for index, table in tables if _ALIAS in table or _DONOR in table)

    @cached_property
    def loss_cone(self) -> frozenset[int]:
        """What the loss is computed from."""
        return self.graph.cone([self.graph.results[self.loss]]) if self.loss is not None else frozenset()

    @cached_property
    def distances(self) -> tuple[dict[int, int], ...]:
        """For each result, the arguments that it is an elementwise function of and the number of ops between."""
        positions = {node: index for index, node in enumerate(self.graph.arguments)}
        return tuple(
            {positions[n]: d for n, d in self.graph.elementwise_distances(node).items() if n in positions}
            for node in self.graph.results
        )

    @cached_property
    def returned(self) -> frozenset[int]:
        """Arguments that a result is, unchanged."""
        return frozenset(argument for reached in self.distances for argument, way in reached.items() if way == 0)

    def pairs(self) -> tuple[StatePair, ...]:
        """All pairs found, by argument."""
        found = self._by_name()
        found |= self._by_update(found)
        found |= self._by_donation(found)
        found |= self._keys(found)
        return tuple(found[index] for index in sorted(found))

    def late_pairs(self, found: dict[int, StatePair], batch: frozenset[int]) -> tuple[StatePair, ...]:
        """With the batch known: what has a batch's name and is none of it, and comes back updated from the batch, is state.

        A minimizer may call its variable ``x`` and not donate it. One result only may be such an update of it.
        """
        taken = {pair.result for pair in found.values()}
        data = {self.graph.arguments[index] for index in batch}
        pairs: list[StatePair] = []
        for argument, name in enumerate(self.signature.argument_names):
            if argument in found or argument in batch or not sounds_like_batch(name):
                continue
            fits = [
                result
                for result, reached in enumerate(self.distances)
                if reached.get(argument, 0) > 0
                and result not in taken
                and self._same_type(argument, result)
                and self.graph.results[result] not in self.loss_cone
                and data & self.graph.cone([self.graph.results[result]])
            ]
            if len(fits) == 1 and ir.RankedTensorType(self.signature.argument_types[argument]).rank > 0:
                how = f"result {fits[0]} is an elementwise update of it by the batch, and it is none of the batch"
                pairs.append(StatePair(argument, fits[0], how))
                taken.add(fits[0])
        return tuple(pairs)

    def _same_type(self, argument: int, result: int) -> bool:
        return self.signature.argument_types[argument] == self.signature.result_types[result]

    def _by_name(self) -> dict[int, StatePair]:
        groups: dict[Prefixes, set[tuple[int, int]]] = {}
        for argument, result, key in self._suffix_matches():
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
                    heap.append((self._rank(left), key))
                else:
                    by_size.setdefault(len(left), []).append(key)
            heapq.heapify(heap)
            while heap:
                _, key = heapq.heappop(heap)
                left = {(a, r) for a, r in groups[key] if a not in found and r not in taken}
                if len(left) < size:
                    groups[key] = left
                    by_size.setdefault(len(left), []).append(key)
                elif self._credible(left, found):
                    self._take_named(left, found, taken)
                else:
                    doubtful.append(key)
        for key in doubtful:  # low-precision copies are functions of the master weights, which are paired by now
            left = {(a, r) for a, r in groups[key] if a not in found and r not in taken}
            if left and self._credible(left, found):
                self._take_named(left, found, taken)
        return found

    def _take_named(self, members: set[tuple[int, int]], found: dict[int, StatePair], taken: set[int]) -> None:
        for argument, result in members:
            how = f"named like result {result}, '{self.signature.result_names[result]}'"
            if self.aliases.get(argument) == result:
                how = f"donated to result {result}, which has its name"
            found[argument] = StatePair(argument, result, how)
            taken.add(result)

    def _suffix_matches(self) -> list[tuple[int, int, Prefixes]]:
        """Pairs of one type whose paths end alike, with what comes before the common end."""
        by_end: dict[tuple[ir.Type, str], list[tuple[int, _Path]]] = {}
        for result, name in enumerate(self.signature.result_names):
            path = path_of(name)
            if len(path) > 0:
                by_end.setdefault((self.signature.result_types[result], path[-1]), []).append((result, _Path.of(path)))
        found: list[tuple[int, int, Prefixes]] = []
        for argument, name in enumerate(self.signature.argument_names):
            path = path_of(name)
            if len(path) < 2:
                continue
            if argument not in self.donated and sounds_like_batch(name):  # but target['w'] is a target network
                continue
            mine = _Path.of(path)
            for result, other in by_end.get((self.signature.argument_types[argument], path[-1]), ()):
                length = mine.common_end(other)
                found.append((argument, result, (mine.without_end[length], other.without_end[length])))
        return found

    def _rank(self, members: set[tuple[int, int]]) -> tuple[float, ...]:
        """Best first: most leaves, most of them elementwise updates, short ways, most donated so, order of the program.

        A way of no ops comes last: a result that is an argument unchanged may be another's next value (the iterate before).
        """
        ways = [self.distances[result].get(argument) for argument, result in members]
        known = [way for way in ways if way is not None]
        donated = sum(self.aliases.get(argument) == result for argument, result in members)
        mean = sum(known) / len(known) if known else 0.0
        returned = sum(argument in self.returned for argument, _ in members)
        order = min(abs(argument - result) for argument, result in members)
        return -len(members), -len(known) / len(members), mean == 0, mean, returned, -donated, order

    def _credible(self, members: set[tuple[int, int]], found: dict[int, StatePair]) -> bool:
        """Whether most results are updates: of their arguments, or of state that is already ``found``; or donation agrees."""
        updated = agreed = 0
        for argument, result in members:
            new_words = words_of(self.signature.result_names[result]) - words_of(
                self.signature.argument_names[argument]
            )
            if any(word.startswith("grad") for word in new_words):
                return False
            reached = self.distances[result]
            rank = ir.RankedTensorType(self.signature.argument_types[argument]).rank
            updated += argument in reached or (rank > 0 and any(item in found for item in reached))
            agreed += self.aliases.get(argument) == result
        return updated * 2 >= len(members) or (agreed * 2 >= len(members) and updated > 0)

    def _by_update(self, found: dict[int, StatePair]) -> dict[int, StatePair]:
        """Pairs of free arguments and results by the shortest elementwise way."""
        taken = {pair.result for pair in found.values()}
        ways: list[tuple[bool, int, bool, bool, int, int, int]] = []
        for result, reached in enumerate(self.distances):
            if result in taken or result == self.loss:
                continue
            for argument, way in reached.items():
                if argument not in found and self._same_type(argument, result) and self._may_update(argument, result):
                    alias = self.aliases.get(argument) == result
                    returned = argument in self.returned
                    ways.append((way == 0, way, returned, not alias, abs(argument - result), argument, result))
        pairs: dict[int, StatePair] = {}
        for _, _, _, no_alias, _, argument, result in sorted(ways):
            if argument in pairs or result in taken:
                continue
            how = f"result {result} is an elementwise update of it" if no_alias else f"donated to result {result}"
            pairs[argument] = StatePair(argument, result, how)
            taken.add(result)
        return pairs

    def _may_update(self, argument: int, result: int) -> bool:
        name = self.signature.argument_names[argument]
        if sounds_like_batch(name):
            return self.aliases.get(argument) == result and self._minimizes(result)
        if argument in self.donated:
            return True
        if self.loss is None or self.graph.results[result] in self.loss_cone:
            return False
        kind = ir.RankedTensorType(self.signature.argument_types[argument])
        if kind.rank == 0 and not isinstance(kind.element_type, ir.IntegerType):
            # A learning rate that comes back as a metric is no state; a scalar that is trained depends on what the loss does.
            return self.distances[result][argument] > 0 and self._reads_data(result)
        return True

    def _minimizes(self, result: int) -> bool:
        """Whether a result that reuses the buffer of ``x`` is its next value: a minimizer may call its variable so.

        It has a gradient in it; a reconstruction in a batch's buffer needs no matmul that the loss does not.
        """
        if self.loss is None or self.graph.results[result] in self.loss_cone:
            return False
        later = self.graph.cone([self.graph.results[result]]) - self.loss_cone
        if any((op := self.graph.ops[node]) is not None and op.name in HEAVY for node in later):
            return True
        return all(sounds_like_batch(self.signature.argument_names[argument]) for argument in self.aliases)

    def _reads_data(self, result: int) -> bool:
        cone = self.graph.cone([self.graph.results[result]])
        arguments = zip(self.graph.arguments, self.signature.argument_types, strict=True)
        return any(node in cone and ir.RankedTensorType(kind).rank > 0 for node, kind in arguments)

    def _by_donation(self, found: dict[int, StatePair]) -> dict[int, StatePair]:
        """Aliases between what is still free, where the result reads the argument in some way."""
        taken = {pair.result for pair in found.values()}
        pairs: dict[int, StatePair] = {}
        for argument, result in self.aliases.items():
            if argument in found or result in taken or result == self.loss or not self._same_type(argument, result):
                continue
            if sounds_like_batch(self.signature.argument_names[argument]):
                continue
            if self.graph.arguments[argument] in self.graph.cone([self.graph.results[result]]):
                pairs[argument] = StatePair(argument, result, f"donated to result {result}")
                taken.add(result)
        return pairs

    def _keys(self, found: dict[int, StatePair]) -> dict[int, StatePair]:
        """A random key that is neither donated nor named alike: the only one of its type, made from it, not in the loss."""
        taken = {pair.result for pair in found.values()}
        pairs: dict[int, StatePair] = {}
        for argument, name in enumerate(self.signature.argument_names):
            if argument in found or self.loss is None or sounds_like_batch(name):
                continue
            kind = ir.RankedTensorType(self.signature.argument_types[argument])
            is_key = sounds_like_key(name) or str(kind) in ("tensor<2xui32>", "tensor<4xui32>")
            if not (is_key or argument in self.donated):
                continue
            fits = [
                r
                for r in range(len(self.graph.results))
                if r not in taken and self._same_type(argument, r) and r != self.loss
            ]
            rivals = [
                a
                for a in range(len(self.graph.arguments))
                if a not in found and all(self._same_type(a, r) for r in fits)
            ]
            if len(fits) == 1 and rivals == [argument]:
                if self.graph.arguments[argument] in self.graph.cone([self.graph.results[fits[0]]]):
                    pairs[argument] = StatePair(
                        argument, fits[0], f"the only result of its type, {fits[0]}, is made from it"
                    )
        return pairs


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
