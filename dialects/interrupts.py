"""The third way to stop: somebody interrupts (Ctrl-C, kill). One line, 128 and the signal's number as the exit code, nothing left.

The signal raises ``Interrupted`` wherever Python is, so that what is open is closed and removed on the way out. Python sees no
signal while native code computes, and a callback may swallow what is raised in it: after ``GRACE_S`` a thread ends the process.
A native module that is just being loaded crashes if anything is raised in it: what comes during an import is raised after it.
"""

import os
import signal
import sys
import time
from types import FrameType

WORDS = {int(signal.SIGINT): "interrupted", int(signal.SIGTERM): "terminated"}
GRACE_S = 5.0
AGAIN_S = 0.05  # how soon after a signal during an import it is tried again
_said: list[str] = []


class Interrupted(BaseException):
    """Not a KeyboardInterrupt: click makes an empty line of that, and knows no other signal."""

    def __init__(self, number: int) -> None:
        super().__init__(WORDS[number])
        self.code = 128 + number

    def say(self) -> None:
        """Print the one line, once a process."""
        if not _said:
            _said.append(str(self))
            try:  # noqa: SIM105 this file is loaded before signals can wait: it loads little
                print(f"error: {self}", file=sys.stderr, flush=True)
            except (OSError, ValueError):  # nobody reads any more
                pass


def hold() -> None:
    """Signals wait from now on, until ``raise_at_signals`` or the watcher of a rank is ready for them: imports take a while."""
    _mask("SIG_BLOCK")


def raise_at_signals() -> None:
    """Raise ``Interrupted`` at the first signal, and end the process soon after it. What was ignored before (nohup) still is."""
    import threading

    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_insist, args=(reading,), daemon=True).start()
    for number in WORDS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)
    _mask("SIG_UNBLOCK")


def ignore() -> None:
    """The end is near, and all is said: a signal changes nothing any more."""
    for number in WORDS:
        signal.signal(number, signal.SIG_IGN)
    _mask("SIG_UNBLOCK")


def _mask(how: str) -> None:
    if sys.platform != "win32":
        signal.pthread_sigmask(getattr(signal, how), WORDS)


def _raise(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return  # ``_insist`` sends it again
        frame = frame.f_back
    ignore()
    raise Interrupted(number)


def _insist(reading: int) -> None:
    """Wait for a signal, which C's part of the handler writes down at once, and for the main thread to make something of it."""
    import threading

    number = 0
    while number not in WORDS:
        number = os.read(reading, 1)[0]
    end = time.monotonic() + GRACE_S
    while time.monotonic() < end:
        time.sleep(AGAIN_S)
        if signal.getsignal(number) is _raise:  # not yet raised
            signal.pthread_kill(threading.main_thread().ident or 0, number)
    Interrupted(number).say()
    os._exit(128 + number)
