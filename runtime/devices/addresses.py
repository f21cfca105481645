"""At which of its addresses a host is reached by the others: names lie (Debian's /etc/hosts says 127.0.1.1), so it is tried.

The first rank of each host opens a door that says a word; the first ranks of the others knock at each of its addresses. An
address that other hosts have too (a container bridge's) leads to a door that says another word, or to none.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Self

from dialects.errors import Failure, fail
from runtime.transport.base import Transport

KNOCK_S = 3.0
MOST_KNOCKS = 32  # at once
WORD_BYTES = 16
SIOCGIFADDR = 0x8915  # linux/sockios.h
INTERFACES = "MESHWRIGHT_INTERFACES"


@dataclass(frozen=True)
class Card:
    """What the first rank of a host tells the others: where its door may be, and the word that is said there."""

    host: str
    addresses: list[str]
    port: int
    word: str


def address_of(mesh: Transport, hosts: list[int]) -> str:
    """Where the other ranks of ``mesh`` reach this one, whose hosts are numbered ``hosts``. Collective; raises Failure."""
    if len(set(hosts)) == 1:
        return "127.0.0.1"
    first = hosts.index(hosts[mesh.rank])
    with ExitStack() as open_doors:
        mine = open_doors.enter_context(_Door()).card if first == mesh.rank else None
        texts = mesh.gather_texts(json.dumps(vars(mine)) if mine is not None else "")
        cards = {rank: Card(**json.loads(text)) for rank, text in enumerate(texts) if text}
        found = _knock({rank: card for rank, card in cards.items() if rank != first}) if mine is not None else None
        answers = mesh.gather_texts(json.dumps(found) if found is not None else "")  # no door closes before
    reached = {rank: json.loads(text) for rank, text in enumerate(answers) if text}
    return choose_addresses(cards, reached)[first]


def choose_addresses(cards: dict[int, Card], reached: dict[int, dict[str, list[str]]]) -> dict[int, str]:
    """The first address of each host that all others reached, ``reached[by][str(host)]``. Raises Failure where there is none."""
    chosen: dict[int, str] = {}
    for rank, card in cards.items():
        others = {by: set(found[str(rank)]) for by, found in reached.items() if by != rank}
        common = [address for address in card.addresses if all(address in found for found in others.values())]
        if not common:
            worst = min(others, key=lambda by: len(others[by]))
            where = ", ".join(card.addresses) or "any address but its loopback: it has no other"
            raise Failure(
                f"host {card.host} is not reached from host {cards[worst].host} at {where}",
                remedy=f"let its ports be reached over TCP, or name the network's interface in {INTERFACES}",
            )
        chosen[rank] = common[0]
    return chosen


def own_addresses() -> list[str]:
    """This host's IPv4 addresses besides the loopback's, that of its name first; those of $MESHWRIGHT_INTERFACES if it is set."""
    wanted = [name for name in os.environ.get(INTERFACES, "").split(",") if name]
    there = {name: address for _, name in socket.if_nameindex() if (address := _address_on(name))}
    for name in wanted:
        if name not in there:
            fail(f"got '{name}', want an interface that has an address: {', '.join(sorted(there))}", where=INTERFACES)
    named: list[str] = []
    with suppress(OSError):
        named = [socket.gethostbyname(socket.gethostname())] if not wanted else []
    every = [*named, *(there[name] for name in wanted or there)]
    return list(dict.fromkeys(address for address in every if not address.startswith("127.")))


def _address_on(interface: str) -> str | None:
    try:
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            answer = fcntl.ioctl(asking, SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        return socket.inet_ntoa(answer[20:24])
    except (ImportError, OSError):
        return None


class _Door:
    """Says its word to whoever connects, for the time of the body."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("0.0.0.0", 0), backlog=1024)
        word = secrets.token_bytes(WORD_BYTES)
        self.card = Card(socket.gethostname(), own_addresses(), self._socket.getsockname()[1], word.hex())
        self._thread = threading.Thread(target=self._say, args=(word,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closing does not
        self._socket.close()

    def _say(self, word: bytes) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return  # the door is closed
            with visitor, suppress(OSError):
                visitor.settimeout(KNOCK_S)
                visitor.sendall(word)


def _knock(cards: dict[int, Card]) -> dict[str, list[str]]:
    """The addresses of each host at which its word was said."""
    with ThreadPoolExecutor(min(len(cards), MOST_KNOCKS)) as pool:
        return {str(rank): found for rank, found in zip(cards, pool.map(_answering, cards.values()), strict=True)}


def _answering(card: Card) -> list[str]:
    return [address for address in card.addresses if _says(address, card)]


def _says(address: str, card: Card) -> bool:
    heard = b""
    with suppress(OSError), socket.create_connection((address, card.port), KNOCK_S) as door:
        while len(heard) < WORD_BYTES and (part := door.recv(WORD_BYTES - len(heard))):
            heard += part
    return heard.hex() == card.word
