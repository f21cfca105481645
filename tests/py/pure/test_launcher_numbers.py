"""What launchers say in environment variables: a rank and a size, in plain digits."""

import pytest

from runtime.process import supervise


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        ("0", 0),
        ("007", 7),
        ("", 5),
        ("²", 5),
        ("٣", 5),
        ("-1", 5),
        (" 3", 5),
        ("3\n", 5),
        ("x", 5),
        ("1" * 5000, 5),
    ],
)
def test_a_rank_is_plain_digits(text: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMI_RANK", text)
    monkeypatch.delenv("PMIX_RANK", raising=False)
    assert supervise._number("PMI_RANK", "PMIX_RANK", default=5) == number


def test_the_first_launcher_that_says_a_number_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PMI_RANK", "²")
    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "2")
    assert supervise._number("PMI_RANK", "OMPI_COMM_WORLD_RANK") == 2
    monkeypatch.setenv("PMI_RANK", "1")
    assert supervise._number("PMI_RANK", "OMPI_COMM_WORLD_RANK") == 1


def test_a_process_alone_has_no_watcher(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE"):
        monkeypatch.delenv(name, raising=False)
    watch = supervise.split()
    assert (watch.rank, watch.size, watch.local_rank, watch.local_size, watch.key) == (0, 1, 0, 1, "")
    watch.say("reading inputs")
    assert watch.doing() == "reading inputs"
