"""The watcher of one rank: run as a script by ``supervise``; standard library only, and as little of that as can be.

``python -I -S watch.py KEY RANK PID STATUS_FD LOG_FD``: waits for process PID, its child; exits with its code, or with
1 and one sentence if a signal ended it. What it needs of the rank is in the memory behind STATUS_FD, which only these two have:
at 0 what the rank is doing, at LETTER_AT where and with which key to report to the host's first rank (see ``door``), and after how
many seconds without a move to end the job (0: never), at BEAT_AT the rank's beats (see ``stall``).
"""

import os
import signal
import socket
import sys
import time

TYPE_CHECKING = False  # what typing's is: that costs each watcher a megabyte
if TYPE_CHECKING:
    from runtime.process.stall import Moves

# Who may be the echo of another's death lets that one speak first: killed at once, aborted later, an exception last.
ABORTED_S, EXCEPTION_S = 1.0, 2.5
TURN_S = 0.05  # until the first rank is reached
ABORT_S = 5.0
HEARD_S = 0.5  # an abort overtakes what was just printed: mpirun's daemon needs a moment to pass that on
WORDS_BYTES, LETTER_AT, LETTER_BYTES, STATUS_BYTES = 1024, 1024, 256, 2048
MESSAGE_BYTES = 128
UNWIND_S = 0.3  # less than HEARD_S: another may end the job then
INTERRUPTS = {int(signal.SIGINT): "interrupted", int(signal.SIGTERM): "terminated"}  # as dialects.interrupts


def main() -> None:
    """Wait for the rank; say how it ended."""
    from runtime.process.stall import Moves  # a rank that imports this file has its own

    key, rank = sys.argv[1], sys.argv[2]
    child, status_fd, log_fd = (int(word) for word in sys.argv[3:6])
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def interrupted(number: int, _frame: object) -> None:
        for other in INTERRUPTS:
            signal.signal(other, signal.SIG_IGN)
        _farewell(link)
        _end(child, number if rank == "0" else signal.SIGKILL)
        if may_speak(key):
            os.write(2, f"error: {INTERRUPTS[number]}\n".encode())
            time.sleep(HEARD_S)
            _abort(128 + number)
        time.sleep(EXCEPTION_S)  # for the one who speaks; mpirun says a screenful of processes that end on their own
        os._exit(128 + number)

    for number in INTERRUPTS:
        signal.signal(number, interrupted)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)  # as ``supervise`` left them
    moves = Moves(child, status_fd)
    status = _wait(child, link, status_fd, rank, moves)
    if status is None:
        _tell(key, f"{_doing(rank, status_fd)}: {moves.standing()}; --stall-timeout has ended the job")
        os.kill(child, signal.SIGKILL)
        _farewell(link)
        _abort(1)
        os._exit(1)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code == signal.SIGABRT:
            time.sleep(ABORTED_S)
        _tell(key, _sentence(rank, -code, status_fd, log_fd))
        _farewell(link)
        _abort(1)
    _farewell(link)
    os._exit(max(code, 0) or int(code < 0))


def _end(child: int, number: int) -> None:
    """Signal the rank; kill it if it does not end by itself in UNWIND_S: rank 0 may have temporary files to remove."""
    try:
        os.kill(child, number)
        until = time.monotonic() + UNWIND_S
        while time.monotonic() < until:
            if os.waitpid(child, os.WNOHANG)[0]:
                return
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
    except (ProcessLookupError, ChildProcessError):
        pass


def trusted(link: socket.socket) -> bool:
    """Whether the process at the other end runs as this user or as root: the kernel says so, not the process."""
    try:
        credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)  # pid, uid, gid
    except OSError:
        return False
    return int.from_bytes(credentials[4:8], sys.byteorder) in (os.geteuid(), 0)


def may_speak(key: str) -> bool:
    """Take the one word that the job ``key`` has on this host: the first gets it and keeps it until its process ends.

    The word is a socket's name, which anybody could take. Who finds it taken looks who has it: a stranger silences nobody.
    """
    name = f"\0{key}-said"
    for _ in range(5):
        word = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        word.setblocking(False)
        try:
            word.bind(name)
            word.listen(1024)
            word.detach()
            return True
        except OSError:
            pass
        try:
            word.connect(name)
            return not trusted(word)
        except OSError:
            time.sleep(0.02)  # it is not listening yet, or gone
        finally:
            word.close()
    return True


def _abort(code: int) -> None:
    """Ask mpirun's daemon to end the job with ``code``, in MPI_Abort's words: an exit code alone may give a screen.

    Launchers other than hydra give no PMI_FD; they end the job when this process exits with an error.
    """
    try:
        os.write(int(os.environ["PMI_FD"]), f"cmd=abort exitcode={code}\n".encode())
        time.sleep(ABORT_S)
    except (KeyError, ValueError, OSError):
        pass


def _wait(child: int, link: socket.socket, status_fd: int, rank: str, moves: "Moves") -> int | None:
    """Wait for the child -> its status; None if it has not moved for longer than --stall-timeout. Meanwhile connect to the
    host's first rank, which notices if this process dies, and name a child that does not move."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    arrived = False
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        letter = _letter(status_fd)
        if arrived:
            _send(link, b"beat")
        else:
            arrived = _arrived(link, letter, rank)
        news = moves.look()
        if letter and 0 < float(letter[2]) <= moves.still_s:
            return None
        if news:
            os.write(2, f"warning: {_doing(rank, status_fd)}: {news}\n".encode())
        signal.sigtimedwait([signal.SIGCHLD], moves.tick_s if arrived else TURN_S)


def _letter(status_fd: int) -> list[str]:
    """Where to report, the key, and the seconds of --stall-timeout; [] before the rank has them."""
    words = os.pread(status_fd, LETTER_BYTES, LETTER_AT).partition(b"\0")[0].decode().split()
    return words if len(words) == 3 else []


def _arrived(link: socket.socket, letter: list[str], rank: str) -> bool:
    """Try to say hello to the host's first rank, with the key that the rank got over MPI."""
    if not letter:
        return False
    link.setblocking(False)
    try:
        link.connect(f"\0{letter[0]}")
        if not trusted(link):
            return True  # the first rank has ended, and a stranger has taken its place
        link.send(f"hello {letter[1]} {rank}".encode())
    except OSError:
        return False
    return True


def _farewell(link: socket.socket) -> None:
    link.settimeout(1.0)  # the first rank may be stopped, and have much to read
    _send(link, b"bye")


def _send(link: socket.socket, word: bytes) -> None:
    try:  # noqa: SIM105 contextlib costs 64 watchers a megabyte each
        link.send(word)
    except OSError:
        pass


def _doing(rank: str, status_fd: int) -> str:
    words = os.pread(status_fd, WORDS_BYTES, 0).partition(b"\0")[0].decode(errors="replace")
    return words or f"rank {rank}, starting"


def _sentence(rank: str, number: int, status_fd: int, log_fd: int) -> str:
    how = f"was killed by signal {number} ({signal.Signals(number).name})"
    text = f"{_doing(rank, status_fd)}: {how}"
    if number == signal.SIGKILL:
        return f"{text}; if nobody did that, the kernel did: see dmesg for 'out of memory'"
    size = os.fstat(log_fd).st_size
    lines = os.pread(log_fd, 65536, max(0, size - 65536)).decode(errors="replace").splitlines()
    word = next((line.strip() for line in reversed(lines) if line[:1] in "EF" and "]" in line), "")
    return f"{text}; its last words: {word.partition('] ')[2][:300]}" if word else text


def _tell(key: str, sentence: str) -> None:
    """Print for the whole host, once: who has the word speaks, the others leave silently after it has spoken."""
    if not may_speak(key):
        time.sleep(EXCEPTION_S)
        return
    shown = "".join(
        letter if letter.isprintable() else "?" for letter in sentence
    )  # as dialects.plain, which is not here
    os.write(2, f"error: {shown}\n".encode())
    time.sleep(HEARD_S)


if __name__ == "__main__":
    sys.path.append(__file__.rsplit("/", 3)[0])  # -I leaves it out
    main()
