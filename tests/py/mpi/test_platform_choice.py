"""--platform auto|cpu|cuda: what each kind of machine gives, in one sentence where it gives nothing; and what XLA's client is told."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from importlib import metadata, util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from conftest import Jobs

from dialects.errors import Failure, UserError
from runtime import choose_platform as choosing
from runtime.choose_platform import check_sharing, choose_platform, seat_at
from runtime.command import read_words
from runtime.devices import cuda, gpus, jaxlib_gpu_api
from runtime.devices.cuda import Cuda, client_options, find_plugin
from runtime.devices.gpus import visible_gpus
from runtime.devices.jaxlib_api import installed
from runtime.process.failure import Stop
from runtime.transport.nccl import NcclError, nccl_version


class Ranks:
    """What the other ranks say, as far as the choice asks: codes by turn, texts, hosts."""

    rank, size = 0, 2

    def __init__(self, others: Callable[[int], int] = lambda code: code, text: str = "") -> None:
        self.others, self.text = others, text

    def gather_codes(self, code: int) -> list[int]:
        return [code, self.others(code)]

    def gather_texts(self, text: str) -> list[str]:
        return [text, self.text or text]


def choose(asked: str, ranks: Ranks | None = None, local_rank: int = 0) -> choosing.Chosen:
    given: Any = ranks or Ranks()
    return choose_platform(asked, local_rank, given)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A machine with these GPUs, a plugin and CuPy; its two ranks are on one host."""

    def make(*unique_ids: str, version: int = 23203) -> None:
        monkeypatch.setattr(choosing, "has_plugin", lambda: True)
        monkeypatch.setattr(choosing, "find_plugin", lambda: "plugin.so")
        monkeypatch.setattr(choosing, "gpus_here", lambda: list(unique_ids))
        monkeypatch.setattr(choosing, "hosts_of", lambda _transport: [1, 1])
        monkeypatch.setattr(check_sharing, "__defaults__", (lambda: version,))
        monkeypatch.setattr(os, "environ", dict(os.environ))

    return make


def test_a_cpu_is_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose("cpu").platform.name == "cpu"
    monkeypatch.setattr(choosing, "has_plugin", lambda: False)
    assert choose("auto") == choosing.Chosen(choosing.CPU)  # and nothing to say


def test_a_gpu_for_each_rank(machine: Callable[..., None]) -> None:
    machine("a", "b")
    other = Ranks(others=lambda code: code + 1 if code > 1 else code)  # another GPU has another number
    for asked in ("auto", "cuda"):
        found = choose(asked, other, local_rank=1)
        assert found == choosing.Chosen(Cuda("plugin.so", 1, 1), "on GPUs")
        assert choosing.SHARED_GPU not in os.environ


def test_one_gpu_for_both(machine: Callable[..., None]) -> None:
    machine("a")
    assert choose("cuda") == choosing.Chosen(Cuda("plugin.so", 0, 2), "on GPUs, up to 2 ranks on one")
    assert os.environ[choosing.SHARED_GPU] == "1"
    machine("a")
    auto = choose("auto")
    assert (auto.platform.name, auto.words) == (
        "cpu",
        "on CPUs, for 2 ranks would share a GPU (--platform cuda lets them)",
    )
    machine("a", version=22907)
    with pytest.raises(Stop) as caught:
        choose("cuda")
    assert caught.value.message == (
        "--platform cuda: got 2 ranks on one GPU and NCCL 2.29.7, want 2.30.0 or newer for that; "
        "start one rank a GPU, or pip install -U nvidia-nccl-cu13"
    )


def test_auto_is_all_or_none(machine: Callable[..., None]) -> None:
    machine("a", "b")
    found = choose("auto", Ranks(text="the driver shows no GPU"))
    assert found == choosing.Chosen(choosing.CPU, "on CPUs, for rank 1 has no GPU: the driver shows no GPU")


def test_local_ranks_go_round() -> None:
    assert [seat_at(rank, ["a", "b"]) for rank in range(4)] == [(0, "a"), (1, "b"), (0, "a"), (1, "b")]


def test_what_the_client_is_told() -> None:
    """Names and types as the plugins of CUDA 12 and 13 (0.10.2) take them: they refuse others, seen 2026-12-01."""
    users = {"platform_name": "cuda", "allocator": "default", "use_tfrt_gpu_client": False}
    assert client_options(users, [3], 1, {}) == {**users, "visible_devices": [3]}
    place = {"node_id": 1, "num_nodes": 4}
    assert client_options(users, [0], 4, place) == {
        **users, "visible_devices": [0], "memory_fraction": 0.1875, **place,
    }  # fmt: skip
    assert client_options({**users, "memory_fraction": 0.1}, [0], 4, {})["memory_fraction"] == 0.1


def a_driver(count: int, init: int = 0) -> SimpleNamespace:
    """libcuda, as far as it is asked."""

    def device_count(pointer: Any) -> int:
        pointer._obj.value = count
        return 0

    def uuid(pointer: Any, device: Any) -> int:
        pointer._obj[15] = device.value + 1
        return 0

    def get(pointer: Any, ordinal: int) -> int:
        pointer._obj.value = ordinal
        return 0

    def words(code: int, pointer: Any) -> int:
        pointer._obj.value = b"system not yet initialized"
        return 0 if code == 3 else 1

    return SimpleNamespace(
        cuInit=lambda _: init,
        cuDeviceGetCount=device_count,
        cuDeviceGet=get,
        cuDeviceGetUuid_v2=uuid,
        cuGetErrorString=words,
    )


def test_the_driver_counts_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: a_driver(2))
    assert visible_gpus() == ["0" * 30 + "01", "0" * 30 + "02"]


@pytest.mark.parametrize(
    ("driver", "said"),
    [
        (a_driver(0), "NVIDIA's driver shows no GPU (CUDA_VISIBLE_DEVICES is '')"),
        (a_driver(1, init=100), "NVIDIA's driver shows no GPU (CUDA_VISIBLE_DEVICES is '')"),
        (
            a_driver(1, init=3),
            "NVIDIA's driver gives no GPU (CUDA_VISIBLE_DEVICES is ''): system not yet initialized (3)",
        ),
        (a_driver(1, init=9), "NVIDIA's driver gives no GPU (CUDA_VISIBLE_DEVICES is ''): error 9"),
    ],
)
def test_the_drivers_own_reasons(driver: SimpleNamespace, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: driver)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UserError) as caught:
        visible_gpus()
    assert str(caught.value) == f"--platform cuda: {said}; --platform cpu runs without"


def test_a_gpu_that_the_driver_does_not_name(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = a_driver(1)
    driver.cuDeviceGet = lambda _pointer, _ordinal: 9
    monkeypatch.setattr(ctypes, "CDLL", lambda _: driver)
    with pytest.raises(UserError, match="does not tell which GPU number 0 is: error 9"):
        visible_gpus()


def test_no_driver() -> None:
    with pytest.raises(UserError) as caught:
        visible_gpus("libcuda-of-nobody.so.1")
    assert str(caught.value) == (
        "--platform cuda: NVIDIA's driver is not there (libcuda-of-nobody.so.1 cannot be loaded); --platform cpu runs without"
    )


def test_the_plugin_is_that_of_this_jaxlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    with pytest.raises(UserError) as caught:
        find_plugin()
    assert str(caught.value) == f"--platform cuda: jaxlib's CUDA plugin is not installed; {cuda.EXTRA}"
    (tmp_path / cuda.LIBRARY).touch()
    there = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(util, "find_spec", lambda name: None if name.endswith("13") else there)
    monkeypatch.setattr(metadata, "version", lambda name: {"jax-cuda12-pjrt": installed()}[name])
    assert find_plugin() == str(tmp_path / cuda.LIBRARY)
    monkeypatch.setattr(metadata, "version", lambda _: "0.9.2")
    own = installed()
    with pytest.raises(UserError) as caught:
        find_plugin()
    assert str(caught.value) == (
        f"--platform cuda: got jax-cuda12-pjrt 0.9.2, want {own} as jaxlib; pip install jax-cuda12-pjrt=={own} jax-cuda12-plugin=={own}"
    )


def test_cupy_is_asked_for_before_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "visible_gpus", None)
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="CuPy, which carries values between meshes, is not installed; pip install"):
        choosing.gpus_here()


def test_lapack_is_the_cpus() -> None:
    with pytest.raises(UserError) as caught:
        Cuda("plugin.so", 0).check_programs(
            {"f": b"dot", "stage0_update": b"stablehlo.custom_call @lapack_spotrf_ffi(%a)"}
        )
    assert str(caught.value) == (
        "fragment stage0_update: it calls LAPACK, whose kernels are the CPU's; run it with --platform cpu"
    )


def test_words() -> None:
    options = read_words(["m.mlirbc", "--platform", "cuda", "--module-platform", "cpu,cuda"])
    assert options is not None
    assert (options.platform, options.planner) == ("cuda", {"module_platform": "cpu,cuda"})
    assert read_words(["plan"]).platform == "auto"  # type: ignore[union-attr]
    with pytest.raises(click.ClickException, match="'0' is not one of 'auto', 'cpu', 'cuda'"):
        read_words(["m.mlirbc", "--platform", "0"])


@pytest.mark.skipif(choosing.has_plugin(), reason="here is a plugin for GPUs")
def test_a_job_without_gpus_says_so_once(jobs: Jobs, tmp_path: Path) -> None:
    done = jobs.run(2, tmp_path, "--platform", "cuda")
    assert (done.code, done.out) == (2, "")
    assert done.errors == [f"error: --platform cuda: jaxlib's CUDA plugin is not installed; {cuda.EXTRA}"]


def test_a_modules_platform_has_an_option_of_its_own(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(
        "func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> { return %a : tensor<4xf32> }"
    )
    done = jobs.run(1, tmp_path / "m.mlir", "--module-platform", "lpu")
    assert done.code == 2
    assert "error: --module-platform: got 'lpu', want a platform" in done.err


def test_what_xla_says_of_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise RuntimeError("FAILED_PRECONDITION: No visible GPU devices.\nand more")

    monkeypatch.setattr(jaxlib_gpu_api, "make_plugin_client", refuses)
    with pytest.raises(Failure) as caught:
        Cuda("plugin.so", 3).make_client(1)
    assert (
        str(caught.value)
        == "XLA makes no client of GPU 3: FAILED_PRECONDITION: No visible GPU devices.; see nvidia-smi"
    )


def test_cupy_without_nccl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(NcclError, match=r"CuPy finds no NCCL .*; pip install nvidia-nccl-cu13"):
        nccl_version()
