"""Every kind of module file is told apart by its content; every kind of bad one is refused in one sentence."""

import io
import os
import random
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from exported import export
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from compiler.frontends import parse
from compiler.frontends.jax_export import read_exported
from compiler.frontends.load import LoadedModule, load_bytes, load_module
from dialects.context import make_context
from dialects.errors import Failure, MeshwrightError, UserError
from dialects.ops import entry_block, main_func

TEXT = b"""
module @step {
  func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = stablehlo.add %x, %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
"""


def load(blob: bytes, shown: str = "m.mlir") -> LoadedModule:
    with make_context() as context, ir.Location.unknown():
        return load_bytes(blob, context, shown)


def encode(kind: str) -> bytes:
    with make_context() as context, ir.Location.unknown():
        module = ir.Module.parse(TEXT)
        if kind == "portable artifact":
            return stablehlo.serialize_portable_artifact(module, stablehlo.get_current_version())
        buffer = io.BytesIO()
        module.operation.write_bytecode(buffer)
        del context
        return buffer.getvalue()


def test_text() -> None:
    assert (load(TEXT).kind, load(TEXT).name) == ("text", "step")


@pytest.mark.parametrize("kind", ["bytecode", "portable artifact"])
def test_binary(kind: str) -> None:
    loaded = load(encode(kind))
    assert (loaded.kind, loaded.name) == (kind, "step")


def test_exported() -> None:
    loaded = load(export(("cpu",)))
    assert (loaded.kind, loaded.name, loaded.platforms) == ("jax.export", "step", ("cpu",))


def test_several_platforms_become_the_cpu() -> None:
    with make_context() as context, ir.Location.unknown():
        module = load_bytes(export(("tpu", "cpu")), context, "m").module
        assert len(entry_block(main_func(module)).arguments) == 1
        assert module.operation.verify()
        assert "_platform_index" not in str(module)


def test_several_platforms_without_the_cpu() -> None:
    with pytest.raises(UserError, match="exported for the platforms tpu, cuda; export it for one"):
        load(export(("tpu", "cuda")))


def test_artifact_of_several_platforms_does_not_say_which() -> None:
    exported = read_exported(export(("tpu", "cpu")))
    assert exported is not None
    with pytest.raises(UserError, match="2 platforms that this file does not name, and what it computes depends"):
        load(exported.artifact)


def test_symbolic_dimension() -> None:
    with pytest.raises(UserError, match=r"dynamic shape .*; export with static shapes"):
        load(export(("cpu",), dynamic=True))


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    with make_context() as context, ir.Location.unknown():
        assert load_module("-", context).name == "step"


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with make_context() as context, ir.Location.unknown():
        with pytest.raises(UserError, match="no such file"):
            load_module(str(tmp_path / "nothing.mlir"), context)
        with pytest.raises(UserError, match="is a directory, want a module"):
            load_module(str(tmp_path), context)


def sparse(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 1 << 37)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.symlink_to("/dev/zero"), "is no file and no pipe, want a module"),
        (os.mkfifo, "the file is empty"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
        (sparse, "has 137438953472 bytes, want a module of at most"),
    ],
)
def test_what_has_no_end_or_no_writer(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path / "x.mlir")
    with make_context() as context, pytest.raises(MeshwrightError, match=message):
        load_module(str(tmp_path / "x.mlir"), context)


def test_a_pipe(tmp_path: Path) -> None:
    """As bash's <(command) gives one: its writer may take its time."""
    (tmp_path / "step.mlir").write_bytes(TEXT)
    words = [
        sys.executable,
        "-c",
        "import sys\nfrom compiler.frontends.parse import read_bytes\nprint(len(read_bytes(sys.argv[1])))",
    ]
    command = f"exec {shlex.join(words)} <(sleep 0.5; cat {tmp_path}/step.mlir)"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=Path(__file__).parents[3], check=True
    )
    assert int(done.stdout) == len(TEXT)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "m.mlir").write_bytes(TEXT)
    monkeypatch.setattr("compiler.frontends.parse.os.open", refuse)
    with make_context() as context, pytest.raises(Failure, match="cannot be read: Permission denied"):
        load_module(str(tmp_path / "m.mlir"), context)


@pytest.mark.parametrize("kind", ["bytecode", "portable artifact"])
def test_truncated(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    blob = encode(kind)
    for length in (5, 20, len(blob) // 2, len(blob) - 1):
        with pytest.raises(UserError, match="damaged or truncated"):
            load(blob[:length])
    assert capfd.readouterr() == ("", "")


def test_truncated_export(capfd: pytest.CaptureFixture[str]) -> None:
    blob = export(("cpu",))
    for length in (10, 100, len(blob) // 2, len(blob) - 8):
        with pytest.raises(UserError):
            load(blob[:length])
    assert capfd.readouterr() == ("", "")


def test_random_bytes_and_texts(capfd: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(0)
    for blob in [b"", b"\n \n", b"hello world", b"{}", *(dice.randbytes(n) for n in (1, 3, 16, 100, 5000))]:
        with pytest.raises(MeshwrightError):
            load(blob)
    assert capfd.readouterr() == ("", "")


def test_a_file_larger_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bytes:
        raise MemoryError

    (tmp_path / "m.mlir").write_bytes(TEXT)
    monkeypatch.setattr(parse, "_at_most", full)
    with pytest.raises(Failure, match=r"m\.mlir: is larger than the memory that is left"):
        parse.read_bytes(str(tmp_path / "m.mlir"))


def test_a_pipe_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_BYTES", len(TEXT) - 1)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    with pytest.raises(UserError, match=f"<stdin>: has more than {len(TEXT) - 1} bytes; give large constants as arg"):
        parse.read_bytes("-")
    monkeypatch.setattr(parse, "MAX_BYTES", len(TEXT))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    assert parse.read_bytes("-") == TEXT


def ended(code: int, said: bytes = b"") -> Callable[..., SimpleNamespace]:
    return lambda *_, **__: SimpleNamespace(returncode=code, stdout=said)


def never(*_: object, timeout: float, **__: object) -> None:
    raise subprocess.TimeoutExpired("canary", timeout)


def test_the_process_that_reads_first(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = encode("bytecode")
    for code, said in (
        (0, b""),
        (2, b"m: not a valid module"),
        (1, b""),
    ):  # read, refused in words, or it could not run
        monkeypatch.setattr(subprocess, "run", ended(code, said))
        assert load(blob).kind == "bytecode"
    for code, said in ((-6, b""), (-11, b"half a"), (2, b""), (1, b"Traceback")):
        monkeypatch.setattr(subprocess, "run", ended(code, said))
        if code == 2:
            assert load(blob).kind == "bytecode"
            continue
        with pytest.raises(
            UserError, match=r"m\.mlir: damaged, or nested too deep: reading it crashes MLIR; export it"
        ):
            load(blob)
    monkeypatch.setattr(subprocess, "run", never)
    with pytest.raises(UserError, match="damaged: reading it does not end in 60 s; export it again"):
        load(blob)


def test_an_export_for_more_platforms_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no list of platforms is no export."""
    blob = export(("cpu",))
    monkeypatch.setattr("compiler.frontends.jax_export._MOST_PLATFORMS", 0)
    assert read_exported(blob) is None
    with pytest.raises(UserError, match=rf"not a module \({len(blob)} bytes of something else\)"):
        load(blob)


def test_complex_constants_are_probed_too() -> None:
    """jaxlib 0.10 cannot hold them; the process that reads first must go on to the names behind them."""
    text = TEXT.replace(
        b"%0 = ", b"%c = stablehlo.constant dense<[(1.0, 2.0), (0.0, 1.0)]> : tensor<2xcomplex<f32>>\n    %0 = "
    )
    with make_context(), ir.Location.unknown():
        buffer = io.BytesIO()
        ir.Module.parse(text).operation.write_bytecode(buffer)
    command = [sys.executable, "-m", "compiler.frontends.canary", "m.mlirbc"]
    done = subprocess.run(command, input=buffer.getvalue(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
