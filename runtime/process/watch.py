"""The watcher of one rank: run as a script by ``supervise``; standard library only, and as little of that as can be.

``python -I -S watch.py KEY RANK PID STATUS_FD LOG_FD``: waits for process PID, its child; exits with its code, or with
1 and one sentence if a signal ended it.
"""

import os
import signal
import socket
import sys
import time

# Who may be the echo of another's death lets that one speak first: killed at once, aborted later, an exception last.
ABORTED_S, EXCEPTION_S = 1.0, 2.5
CONNECT_S = 60.0
ABORT_S = 5.0
HEARD_S = 0.5  # an abort overtakes what was just printed: mpirun's daemon needs a moment to pass that on
STATUS_BYTES = 1024


def main() -> None:
    """Wait for the rank; say how it ended."""
    key, rank = sys.argv[1], sys.argv[2]
    child, status_fd, log_fd = (int(word) for word in sys.argv[3:6])
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def interrupted(number: int, _frame: object) -> None:
        _farewell(link)
        try:  # noqa: SIM105
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os._exit(128 + number)

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    status = _wait(child, link, key, rank)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code == signal.SIGABRT:
            time.sleep(ABORTED_S)
        _tell(key, _sentence(rank, -code, status_fd, log_fd))
        _farewell(link)
        _abort()
    _farewell(link)
    os._exit(max(code, 0) or int(code < 0))


def _abort() -> None:
    """Ask mpirun's daemon to end the job with code 1, in MPI_Abort's words: an exit code alone may give a screen.

    Launchers other than hydra give no PMI_FD; they end the job when this process exits with 1.
    """
    try:
        os.write(int(os.environ["PMI_FD"]), b"cmd=abort exitcode=1\n")
        time.sleep(ABORT_S)
    except (KeyError, ValueError, OSError):
        pass


def _wait(child: int, link: socket.socket, key: str, rank: str) -> int:
    """Wait for the child; meanwhile connect to the host's first rank, which notices if this process dies."""
    deadline = time.monotonic() + CONNECT_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        try:
            link.connect(f"\0{key}")
            link.sendall(rank.encode() + b"\n")
            break
        except OSError:
            time.sleep(0.05)
    return os.waitpid(child, 0)[1]


def _farewell(link: socket.socket) -> None:
    try:  # noqa: SIM105 contextlib costs 64 watchers a megabyte each
        link.sendall(b"bye\n")
    except OSError:
        pass


def _sentence(rank: str, number: int, status_fd: int, log_fd: int) -> str:
    doing = os.pread(status_fd, STATUS_BYTES, 0).partition(b"\0")[0].decode(errors="replace")
    how = f"was killed by signal {number} ({signal.Signals(number).name})"
    text = f"{doing or f'rank {rank}, starting'}: {how}"
    if number == signal.SIGKILL:
        return f"{text}; if nobody did that, the kernel did: see dmesg for 'out of memory'"
    size = os.fstat(log_fd).st_size
    lines = os.pread(log_fd, 65536, max(0, size - 65536)).decode(errors="replace").splitlines()
    word = next((line.strip() for line in reversed(lines) if line[:1] in "EF" and "]" in line), "")
    return f"{text}; its last words: {word.partition('] ')[2][:300]}" if word else text


def _tell(key: str, sentence: str) -> None:
    """Print for the whole host, once: who binds the name speaks, the others leave silently after it has spoken."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        claim.bind(f"\0{key}-said")
    except OSError:
        time.sleep(EXCEPTION_S)
        return
    os.write(2, f"error: {sentence}\n".encode())
    time.sleep(HEARD_S)


if __name__ == "__main__":
    main()
