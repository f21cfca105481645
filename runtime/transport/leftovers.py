"""What MPI leaves behind when all processes of a job are killed at once: the next job on the host removes it.

MPICH's shared memory has a name in /dev/shm from MPI's start until all ranks have met (see ``mpi.MpiTransport.all_have_met``), and
mpirun's daemon keeps a file in /tmp; both are open in some process for as long as anybody needs them. So what bears such a name,
belongs to this user and is open nowhere is left behind.
"""

from __future__ import annotations

import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path

NAMES = {"/dev/shm": r"(mpich_shm|ucx_shm_posix)_[0-9a-f]+(_\d+)?", "/tmp": r"hydra_hwloc_xmlfile_\w{6}"}
INITIAL_NAMESPACE = "pid:[4026531836]"  # Linux: PROC_PID_INIT_INO; a process there sees all others
UNSEEN_S = 60.0  # where there may be processes that cannot be looked at: how long a start may take


def clear_leftovers() -> None:
    """Remove what no living process needs; silently, and never what may be needed. Linux only."""
    found = [entry for folder, pattern in NAMES.items() for entry in _mine(Path(folder), pattern)]
    if not found:
        return
    held, all_seen = _open_files()
    now = time.time()
    for path, found_stat in found:
        old_enough = all_seen or now - found_stat.st_mtime > UNSEEN_S
        if str(path) not in held and old_enough:
            with suppress(OSError):
                path.unlink()


def _mine(folder: Path, pattern: str) -> list[tuple[Path, os.stat_result]]:
    """Plain files of this user with such a name."""
    found: list[tuple[Path, os.stat_result]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if re.fullmatch(pattern, entry.name):
                with suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid():
                        found.append((Path(entry.path), status))
    return found


def _open_files() -> tuple[set[str], bool]:
    """What this user's processes have open or mapped of those folders, and whether all of them could be looked at."""
    held: set[str] = set()
    all_seen = _link("/proc/self/ns/pid") == INITIAL_NAMESPACE
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(os.getuid()) not in _users(process) or process.name == "1":  # init runs no MPI, and may hide
                continue
            held |= {_link(str(item)) for item in (process / "fd").iterdir()}
            lines = (process / "maps").read_text().splitlines()
            held |= {"/" + line.partition("/")[2] for line in lines if any(folder in line for folder in NAMES)}
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        except OSError:
            all_seen = False
    return held, all_seen


def _users(process: Path) -> list[str]:
    """The user ids of a process; its folder belongs to root where it does not let itself be looked at."""
    match = re.search(r"^Uid:(.*)$", (process / "status").read_text(), re.MULTILINE)
    return match[1].split() if match else []


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
