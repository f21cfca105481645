"""What a device says when its plan or its host leaves it alone: a value that nobody made, a port that nobody gives."""

from typing import Any

import pytest

from compiler.plan.records import Value
from dialects.errors import Failure
from runtime.devices import jaxlib_api, xla
from runtime.step.store import Store


@pytest.mark.parametrize(("kind", "m"), [("microbatch", 0), ("step", None), ("batch", None), ("index", None)])
def test_a_value_that_nobody_made(kind: Any, m: int | None) -> None:
    store = object.__new__(Store)
    with pytest.raises(Failure, match="value act is read before it is there; the plan is wrong: plan again"):
        store._feed(Value("act", kind, "f32", (), ()), m)


@pytest.mark.parametrize("taken", [0, 1, 9, 10])
def test_a_port_that_was_taken_is_tried_again(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def start(address: str, num_devices: int) -> str:
        assert num_devices == 4
        tried.append(address)
        if len(tried) <= taken:
            raise RuntimeError("address in use")
        return "service"

    monkeypatch.setattr(jaxlib_api, "start_service", start)
    if taken == 10:
        with pytest.raises(Failure, match=r"no coordination service at 127\.0\.0\.1:\d+: address in use"):
            xla._serve(4, "127.0.0.1")
    else:
        assert xla._serve(4, "127.0.0.1") == (tried[-1], "service")
    assert len(tried) == min(taken + 1, 10)
