"""Fits find the machine that made the times, up to noise; the file that is written loads, and says what was measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.calibrate.fit import Sample, fit_link, fit_message, fit_rate
from compiler.calibrate.measure import calibration, measure
from compiler.calibrate.text import machine_text, residual_table, write_machine
from compiler.machine.files import load_machine
from compiler.machine.meshes import mesh_costs
from dialects.errors import Failure, UserError
from dialects.sharding import MeshShape
from passes.solvers.costs.mesh_costs import KINDS, AxisLink, MeshCosts
from runtime.measure.programs import groups_of

pytestmark = pytest.mark.pure

MEASURED = [kind for kind in KINDS if kind != "all_slice"]
SLOWDOWN = {"all_gather": 2.0, "all_to_all": 1.0, "all_reduce": 0.8, "reduce_scatter": 5.0}


def times(alpha: float, beta: float, noise: float = 0.0, rings_only: bool = False) -> list[Sample]:
    """What a machine with these links and SLOWDOWN takes, with a dispatch of 1e-5 s."""
    random = np.random.default_rng(0)
    found: list[Sample] = []
    for devices in (2, 4, 8):
        mesh = MeshShape((("x", devices),))
        link, slow = AxisLink(alpha, 1 / beta), tuple(SLOWDOWN.items())
        costs = MeshCosts(mesh, (link,), (("f32", 1.0),), 1.0, 1.0, slow, rings_only)
        for kind in MEASURED:
            for num_bytes in (4096, 65536, 1 << 20, 1 << 24):
                seconds = costs.collective_s(kind, ["x"], num_bytes) * (1 + noise * random.standard_normal())
                found.append(Sample(kind, "size", num_bytes, 1e-5 + seconds, devices))
    return found


@given(st.floats(1e-6, 1e-3), st.floats(1e-10, 1e-8), st.booleans())
def test_a_link_is_found_again(alpha: float, beta: float, rings_only: bool) -> None:
    fit = fit_link(times(alpha, beta, rings_only=rings_only), 1e-5)
    assert fit.rings_only == rings_only
    assert fit.latency_s == pytest.approx(alpha, rel=1e-3)
    assert fit.bandwidth_bytes_per_s == pytest.approx(1 / beta, rel=1e-3)
    assert fit.slowdown == pytest.approx(SLOWDOWN, rel=1e-3)
    assert all(abs(sample.error) < 1e-3 for sample in fit.samples)


def test_a_link_is_found_in_noise() -> None:
    fit = fit_link(times(1e-4, 1e-9, noise=0.1), 1e-5)
    assert fit.latency_s == pytest.approx(1e-4, rel=0.1)
    assert fit.bandwidth_bytes_per_s == pytest.approx(1e9, rel=0.1)
    assert fit.slowdown == pytest.approx(SLOWDOWN, rel=0.1)
    assert 0.01 < max(abs(sample.error) for sample in fit.samples) < 0.5


def test_rates_and_messages() -> None:
    rate, fitted = fit_rate([Sample("memory", "", work, 1e-4 + work / 1e9) for work in (1e5, 1e6, 1e7)], 1e-4)
    assert rate == pytest.approx(1e9)
    assert all(abs(sample.error) < 1e-9 for sample in fitted)
    fit = fit_message([Sample("message", "", work, 1e-4 + work / 1e9) for work in (1e3, 1e6)])
    assert (fit.latency_s, fit.bandwidth_bytes_per_s) == pytest.approx((1e-4, 1e9))
    falling = fit_message([Sample("message", "", 1e3, 2e-4), Sample("message", "", 1e6, 1e-4)])
    assert falling.latency_s == pytest.approx(2**0.5 * 1e-4, rel=1e-3), (
        "noise that says more bytes are faster: latency alone"
    )
    with pytest.raises(ValueError, match=r"memory: more work does not take longer than the dispatch of 1\.0e-03 s"):
        fit_rate([Sample("memory", "", 1e6, 1e-4)], 1e-3)


def measured(hosts: int = 1) -> dict[str, Any]:
    """What runtime.measure.calibrate says, of a machine that is made up."""
    samples: list[dict[str, Any]] = [{"what": "dispatch", "seconds": 1e-5}]
    samples += [{"what": "memory", "bytes": size, "seconds": 1e-5 + size / 1e10} for size in (1e5, 1e7)]
    samples += [
        {"what": "matmul", "dtype": dtype, "size": 64, "flops": 1e9, "seconds": 1e-5 + 1e9 / rate}
        for dtype, rate in (("f32", 5e10), ("f64", 2e10))
    ]
    samples += [
        {"what": "message", "level": "intra", "bytes": size, "seconds": 1e-6 + size / 1e9} for size in (1e3, 1e6)
    ]
    for level, slower in (("intra", 1), ("inter", 10))[:hosts]:
        samples += [
            {"what": "collective", "level": level, "kind": sample.group, "devices": sample.devices, "bytes": sample.work,
             "seconds": 1e-5 + (sample.seconds - 1e-5) * slower}
            for sample in times(1e-4, 1e-9)
        ]  # fmt: skip
    about = {
        "ranks": 8,
        "hosts": hosts,
        "ranks_per_host": 8 // hosts,
        "cores": 4,
        "processor": "Test",
        "load": 0.25,
        "memory_bytes": 8 << 30,
    }
    return {"samples": samples, **about}


def test_the_file_loads(tmp_path: Path) -> None:
    text = machine_text("here", calibration(measured()), None, "python -m compiler calibrate", "2026-11-21")
    path = tmp_path / "here.toml"
    write_machine(str(path), text)
    assert [item.name for item in tmp_path.iterdir()] == ["here.toml"]
    machine = load_machine(str(path), devices_per_host=8)
    assert (machine.name, machine.memory_bytes, machine.dispatch_s) == ("here", 1 << 30, 1e-5)
    assert machine.flops_per_s == {"f32": 5e10, "f64": 2e10}
    assert machine.memory_bandwidth_bytes_per_s == 1e10
    assert (machine.intra_host.latency_s, machine.intra_host.bandwidth_bytes_per_s) == (1e-4, 1e9)
    assert machine.inter_host == machine.intra_host
    assert machine.link(0, 1).latency_s == 1e-6, "transfers go by MPI"
    assert machine.slowdown == SLOWDOWN
    slow = mesh_costs(machine, MeshShape((("x", 8),))).collective_s("reduce_scatter", ["x"], 1e6)
    assert slow == pytest.approx(5 * (3e-4 + 7 / 8 * 1e-3))
    assert "# 8 ranks on 1 host(s) of 4 cores, Test." in text
    assert "Load average before: 0.2." in text
    assert any(line.startswith("#   all_gather of 8") and "4 KiB" in line and "%" in line for line in text.splitlines())


def test_a_file_of_two_hosts() -> None:
    text = machine_text("two", calibration(measured(hosts=2)), 1e9, "", "2026-11-21")
    assert "devices_per_host = 4" in text
    assert "memory_bytes = 1000000000 # as said" in text
    assert "[inter_host]\nlatency_s = 0.001\nbandwidth_bytes_per_s = 1e+08" in text


def test_the_table_says_how_good_the_fit_is() -> None:
    lines = residual_table([Sample("memory", "1 KiB", 1, 2e-3, 1, 3e-3), Sample("memory", "1 MiB", 1, 1, 1, 0.9)])
    assert lines == [
        "memory  1 KiB 2 ms (+50%), 1 MiB 1 s (-10%)",
        "errors of the fit: 50% in the middle, 50% at worst",
    ]


def test_an_older_file_stays_when_the_new_one_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text("old")
    with pytest.raises(UserError, match="missing"):
        write_machine(str(path), 'name = "m"\n')
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["m.toml"]


def test_a_machine_too_busy_to_measure() -> None:
    document = measured()
    document["samples"][0]["seconds"] = 1.0
    with pytest.raises(Failure, match=r"memory: more work does not take longer .*; measure again while the machine"):
        calibration(document)


def test_one_rank_has_no_link() -> None:
    from compiler.calibrate.measure import SMALL

    with pytest.raises(UserError, match="-np: got 1, want at least 2 ranks"):
        measure(1, SMALL)


def test_groups() -> None:
    assert groups_of([7] * 4, crossing=False) == [[[0, 1], [2, 3]], [[0, 1, 2, 3]]]
    assert groups_of([7] * 4, crossing=True) == []
    assert groups_of([7, 7, 9, 9], crossing=False) == [[[0, 1], [2, 3]]]
    assert groups_of([7, 7, 9, 9], crossing=True) == [[[0, 2], [1, 3]]]
    assert groups_of([7, 7, 9], crossing=True) == [], "hosts of unequal sizes"
    assert [len(groups[0]) for groups in groups_of([7] * 6, crossing=False)] == [2, 3, 6]
