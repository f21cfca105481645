"""Transfers between meshes: bytes are those of the pieces, seconds those of the fullest device or adapter."""

import msgspec
import pytest

from compiler.machine.description import Link, Machine
from compiler.machine.files import load_machine
from compiler.plan.pieces import Piece, pieces
from compiler.plan.records import Axis, Mesh, Sharding
from compiler.transfers.wires import Transfer, transfer

INSIDE, BETWEEN = Link(0.0, 100.0), Link(2.0, 10.0)
SPLIT, WHOLE = (("x",),), ((),)


def machine(between: Link = BETWEEN) -> Machine:
    """Two hosts of four devices."""
    base = load_machine("local-cpu", 2, 4)
    return msgspec.structs.replace(base, within_host=INSIDE, between_hosts=between, transfer=None)


def mesh(*ranks: int) -> Mesh:
    return Mesh("m", ranks, (Axis("x", len(ranks)),))


def between(of: Machine, source: tuple[Mesh, Sharding], target: tuple[Mesh, Sharding]) -> Transfer:
    """40 elements of 4 bytes."""
    moves = pieces((40,), source, target, of.devices_per_host or 1)
    return transfer(of, source[0].ranks, target[0].ranks, moves, 4)


def test_every_copy_is_counted() -> None:
    split = between(machine(), (mesh(0, 1, 2, 3), SPLIT), (mesh(4, 5, 6, 7), SPLIT))
    whole = between(machine(), (mesh(0, 1, 2, 3), SPLIT), (mesh(4, 5, 6, 7), WHOLE))
    assert split == Transfer(160, 2.0, 4.0)
    assert whole == Transfer(640, 2.0, 16.0)
    assert whole.seconds == 18.0


def test_devices_of_a_host_share_its_adapter() -> None:
    """V100 (stage-search, D4): eight times too fast while each device had a link of its own."""
    found = between(machine(Link(2.0, 10.0, "host")), (mesh(0, 1, 2, 3), SPLIT), (mesh(4, 5, 6, 7), SPLIT))
    assert found == Transfer(160, 2.0, 16.0, ((("in", 1), 16.0), (("out", 0), 16.0)))


def test_inside_a_host_nobody_shares() -> None:
    found = between(machine(Link(2.0, 10.0, "host")), (mesh(0, 1), SPLIT), (mesh(2, 3), SPLIT))
    assert found == Transfer(160, 0.0, 0.8)


def test_the_link_of_transfers_is_taken_everywhere() -> None:
    of = msgspec.structs.replace(machine(), transfer=Link(1.0, 40.0))
    assert between(of, (mesh(0, 1), SPLIT), (mesh(2, 3), SPLIT)).seconds == pytest.approx(3.0)


def test_nothing_takes_no_time() -> None:
    assert transfer(machine(), (0,), (1,), (), 4) == Transfer(0, 0.0, 0.0)


def givers(moves: list[Piece]) -> list[int]:
    return [piece.source for piece in moves]


def test_a_holder_on_the_own_host_gives() -> None:
    """Devices 3 and 4 hold all, one on each host; so do the receivers 0, 1, 2 and 5."""
    source, target = Mesh("s", (3, 4), (Axis("x", 2),)), Mesh("t", (0, 1, 2, 5), (Axis("x", 4),))
    assert givers(pieces((8,), (source, WHOLE), (target, WHOLE), 4)) == [0, 0, 0, 1]
    assert givers(pieces((8,), (source, WHOLE), (target, WHOLE))) == [0, 1, 0, 1]


def test_large_pieces_are_dealt_out_first() -> None:
    """Thirds onto halves are pieces of 8, 4, 4, 8; two holders of each third give as much, whatever the order of receivers."""
    source = Mesh("s", tuple(range(6)), (Axis("r", 2), Axis("x", 3)))
    moves = pieces((24,), (source, SPLIT), (mesh(6, 7), SPLIT))
    given = [sum(piece.elements for piece in moves if piece.source == device) for device in range(6)]
    assert sorted(given) == [0, 0, 4, 4, 8, 8]
