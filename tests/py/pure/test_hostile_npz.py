"""Hostile .npz files: each is refused in one line that says what is wrong, before more is read than the program takes."""

import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from compiler.plan.records import Argument
from dialects.errors import UserError
from runtime.data.inputs import Inputs

ARGUMENTS = (
    Argument(index=0, name="w", dtype="f32", shape=(64, 8), role="parameter", state_result=0),
    Argument(index=1, name="mask", dtype="i1", shape=(8,), role="batch"),
)
W = np.ones((64, 8), np.float32)
NOT_NPZ = "not a readable .npz file"


def npy(array: np.ndarray, **header: object) -> bytes:
    """An array as numpy writes it, with lies in its header."""
    file = io.BytesIO()
    said = {**np.lib.format.header_data_from_array_1_0(array), **header}
    np.lib.format.write_array_header_1_0(file, said)  # type: ignore[arg-type]
    return file.getvalue() + array.tobytes()


def raw_header(text: bytes, version: int = 1, length: int | None = None) -> bytes:
    size = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size) + text


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def patched(blob: bytes, offset: int, value: bytes, *, local: bool = True) -> bytes:
    """Of a file with one member: ``value`` at ``offset`` of its entry in the directory, and of the local header, 2 bytes before."""
    at = blob.rindex(b"PK\x01\x02") + offset
    blob = blob[:at] + value + blob[at + len(value) :]
    return blob[: offset - 2] + value + blob[offset - 2 + len(value) :] if local else blob


def renamed(blob: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    return blob.replace(old, new)


def bomb() -> bytes:
    """2 GiB of zeros in 2 MB, behind the header of a small array."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(npy(W)) + packer.compress(bytes(1 << 24)) * 1
    content = packed + packer.flush()
    blob = zipped(("0.npy", b""), method=zipfile.ZIP_DEFLATED)
    head, tail = blob[:30], blob[blob.index(b"PK\x01\x02") :]
    sizes = struct.pack("<III", 0, len(content), 1 << 31)
    entry = head[:14] + sizes + head[26:30] + b"0.npy" + content
    tail = tail[:16] + sizes + tail[28:]
    end = tail.index(b"PK\x05\x06")
    return entry + tail[: end + 16] + struct.pack("<I", len(entry)) + tail[end + 20 :]


GOOD = zipped(("0.npy", npy(W)))
TWICE = zipped(("0.npy", npy(W)), ("1.npy", npy(W)))
HUGE = 1 << 40

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", NOT_NPZ),
    "text": (b"not a zip file", NOT_NPZ),
    "npy": (npy(W), NOT_NPZ),
    "pickle": (b"\x80\x04cos\nsystem\n(S'touch /tmp/hacked'\ntR.", NOT_NPZ),
    "zip of nothing but its end": (b"PK\x05\x06" + bytes(18), ""),
    "cut in the middle": (GOOD[: len(GOOD) // 2], NOT_NPZ),
    "cut at the end": (GOOD[:-10], NOT_NPZ),
    "cut at its head": (GOOD[100:], NOT_NPZ),
    "one bit wrong": (GOOD[:1000] + b"\x01" + GOOD[1001:], "Bad CRC-32"),
    "one bit wrong, packed": (
        (lambda b: b[:80] + bytes([b[80] ^ 4]) + b[81:])(zipped(("0.npy", npy(W)), method=zipfile.ZIP_DEFLATED)),
        NOT_NPZ,
    ),
    "a key twice": (renamed(TWICE, b"1.npy", b"0.npy"), "has the key '0' twice"),
    "a key with and without its ending": (zipped(("0", npy(W)), ("0.npy", npy(W))), "has the key '0' twice"),
    "another key": (zipped(("weights.npy", npy(W))), "got key 'weights', want an argument index"),
    "a path as a key": (zipped(("../../0.npy", npy(W))), "got key '../../0', want an argument index"),
    "a key too large": (zipped(("9" * 5000 + ".npy", npy(W))), "got key '9999"),
    "a key of other digits": (zipped(("\u0660.npy", npy(W))), "want an argument index"),
    "a key that is negative": (zipped(("-1.npy", npy(W))), "got key '-1', want an argument index"),
    "a key with a zero": (zipped(("00.npy", npy(W))), "got key '00', want an argument index"),
    "encrypted": (patched(GOOD, 8, b"\x01\x00"), "'0.npy' is encrypted"),
    "strongly encrypted": (patched(GOOD, 8, b"\x41\x00"), "'0.npy' is encrypted"),
    "patched": (patched(GOOD, 8, b"\x20\x00"), NOT_NPZ),
    "an unknown method": (patched(GOOD, 10, b"\x63\x00"), "'0.npy' is compressed by method 99, want it stored"),
    "bzip2": (zipped(("0.npy", npy(W)), method=zipfile.ZIP_BZIP2), "compressed by method 12"),
    "lzma": (zipped(("0.npy", npy(W)), method=zipfile.ZIP_LZMA), "compressed by method 14"),
    "an offset past the end": (patched(GOOD, 42, struct.pack("<I", 1 << 30), local=False), NOT_NPZ),
    "another name inside": (GOOD.replace(b"0.npy", b"1.npy", 1), NOT_NPZ),
    "a member that is no array": (zipped(("0.npy", b"hello")), NOT_NPZ),
    "an empty member": (zipped(("0.npy", b"")), NOT_NPZ),
    "magic alone": (zipped(("0.npy", b"\x93NUMPY")), NOT_NPZ),
    "version 9": (zipped(("0.npy", raw_header(b"{}", 9))), "has the .npy version 9.0"),
    "a header of 4 GiB": (zipped(("0.npy", raw_header(b"{}", 2, 0xFFFFFFFF))), NOT_NPZ),
    "a header of 4 GiB, packed": (
        zipped(("0.npy", raw_header(bytes(1 << 24), 2, 0xFFFFFFF0)), method=zipfile.ZIP_DEFLATED),
        NOT_NPZ,
    ),
    "a deep header": (zipped(("0.npy", raw_header(b"(" * 9000))), NOT_NPZ),
    "a header of signs": (zipped(("0.npy", raw_header(b"-" * 9000 + b"1"))), NOT_NPZ),
    "a header that is a program": (zipped(("0.npy", raw_header(b"__import__('os').system('true')\n"))), NOT_NPZ),
    "a header of other keys": (zipped(("0.npy", raw_header(b"{'a': 1}"))), NOT_NPZ),
    "a header of bytes": (zipped(("0.npy", raw_header(b"\xff\xfe" * 20))), NOT_NPZ),
    "a number of 5000 digits": (
        zipped(("0.npy", raw_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"9" * 5000 + b",)}"))),
        NOT_NPZ,
    ),
    "objects": (zipped(("0.npy", npy(np.zeros((64, 8)), descr="|O"))), "'0.npy' holds Python objects"),
    "objects in a record": (zipped(("0.npy", npy(W, descr=[("a", "|O")]))), "'0.npy' holds Python objects"),
    "a record": (zipped(("0.npy", npy(W, descr=[("\x1b[31m", "<f4")]))), "want float32"),
    "a type of no length": (zipped(("0.npy", npy(W, descr="|V0"))), "want float32"),
    "a type of a terabyte": (zipped(("0.npy", npy(W, descr=("<f4", (1 << 28,))))), ""),
    "the other byte order": (zipped(("0.npy", npy(W, descr=">f4"))), "got dtype >f4, want float32"),
    "terabytes": (zipped(("0.npy", npy(W, shape=(HUGE, 8)))), f"got shape [{HUGE}, 8], want [64, 8]"),
    "a negative shape": (zipped(("0.npy", npy(W, shape=(-64, 8)))), "got shape [-64, 8]"),
    "a shape of 4000 dims": (zipped(("0.npy", npy(W, shape=(1,) * 3000))), "got shape [1, 1, 1"),
    "steps in state": (zipped(("0.npy", npy(W, shape=(2, 64, 8)))), "got shape [2, 64, 8], want [64, 8]"),
    "too short": (zipped(("0.npy", npy(W)[:-4])), "argument 0 (w): got 2172 bytes in '0.npy', want 2176"),
    "too long": (zipped(("0.npy", npy(W) + b"more")), "argument 0 (w): got 2180 bytes in '0.npy', want 2176"),
    "a bomb": (bomb(), f"argument 0 (w): got {1 << 31} bytes in '0.npy', want 2176"),
    "booleans of 2": (zipped(("1.npy", npy(np.full(8, 2, np.uint8), descr="|b1"))), "neither 0 nor 1"),
}


def use(path: Path) -> Inputs:
    """As a job of one rank does."""
    inputs = Inputs(ARGUMENTS, str(path), 0, 1)
    inputs.check_values(0, 1)
    return inputs


@pytest.mark.parametrize("name", HOSTILE)
def test_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, said = HOSTILE[name]
    path = tmp_path / "in.npz"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        if name == "zip of nothing but its end":
            assert use(path).generated == (0, 1)  # an empty .npz: all is generated
            return
        with pytest.raises(UserError) as caught:
            use(path)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert said in text
    assert "\n" not in text
    assert len(text) < 500


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def circle(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [(folder, "is not a file"), (pipe, "is not a file"), (device, "is not a file"), (circle, "no such file")],
)
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None], said: str) -> None:
    make(tmp_path / "in.npz")
    with pytest.raises(UserError, match=said):
        use(tmp_path / "in.npz")


@pytest.mark.parametrize("cut", range(0, len(GOOD), 97))
def test_cut_anywhere(tmp_path: Path, cut: int) -> None:
    (tmp_path / "in.npz").write_bytes(GOOD[:cut])
    with pytest.raises(UserError, match=NOT_NPZ):
        use(tmp_path / "in.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("seed", range(20))
def test_any_byte_may_be_wrong(tmp_path: Path, seed: int, method: int) -> None:
    """Refused, or the same numbers: nothing else comes of a damaged file."""
    random = np.random.default_rng(seed)
    good = zipped(("0.npy", npy(W)), ("1.npy", npy(np.ones(8, np.bool_))), method=method)
    for _ in range(5):
        blob = bytearray(good)
        blob[random.integers(len(blob))] ^= 1 << int(random.integers(8))
        (tmp_path / "in.npz").write_bytes(blob)
        try:
            inputs = use(tmp_path / "in.npz")
            if 0 not in inputs.generated:
                np.testing.assert_array_equal(inputs.whole(0, 0), W)
            if 1 not in inputs.generated:
                assert inputs.whole(1, 0).all()
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017 both outcomes are right
