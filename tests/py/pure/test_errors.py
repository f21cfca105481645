"""The two ways to stop, and what the command line makes of them: one message on stderr and an exit code."""

import click
import pytest

from compiler.cli.errors import exit_code
from dialects.errors import Failure, MeshwrightError, UserError, fail


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (UserError("got 3, want 4"), "got 3, want 4"),
        (UserError("got 3, want 4", where="--stages"), "--stages: got 3, want 4"),
        (UserError("got 3, want 4", remedy="use 4"), "got 3, want 4; use 4"),
        (Failure("got 3, want 4", where="rank 2", remedy="try again"), "rank 2: got 3, want 4; try again"),
    ],
)
def test_message_says_where_what_and_remedy(error: MeshwrightError, text: str) -> None:
    assert str(error) == text


def test_fail_is_the_users_mistake() -> None:
    with pytest.raises(UserError) as caught:
        fail("got 0 stages, want at least 1", where="--stages", remedy="use 1")
    error = caught.value
    assert (error.message, error.where, error.remedy) == ("got 0 stages, want at least 1", "--stages", "use 1")
    assert error.exit_code == 2
    assert Failure("").exit_code == 1


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (None, 0, ""),
        (UserError("got 0 stages", where="--stages"), 2, "error: --stages: got 0 stages\n"),
        (Failure("rank 3 is gone"), 1, "error: rank 3 is gone\n"),
        (click.UsageError("no such option"), 2, "error: no such option\n"),
        (click.Abort(), 130, "error: interrupted\n"),
        (
            KeyError("w"),
            1,
            "error: internal: KeyError: 'w' (in pass place); set MESHWRIGHT_TRACEBACK=1 to see where\n",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_end_is_one_message(
    raised: Exception | None,
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MESHWRIGHT_TRACEBACK", raising=False)
    if isinstance(raised, KeyError):
        raised.add_note("in pass place")

    @click.command()
    def command() -> None:
        if raised is not None:
            raise raised

    assert exit_code(command, "meshwright", []) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == said


def test_stack_trace_only_when_asked_for(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESHWRIGHT_TRACEBACK", "1")

    @click.command()
    def command() -> None:
        raise Failure("rank 3 is gone")

    assert exit_code(command, "meshwright", []) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert shown.endswith("error: rank 3 is gone\n")
