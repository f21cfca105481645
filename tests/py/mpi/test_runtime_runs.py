"""Handmade plans on many layouts: the numbers of one device, state from step to step, outputs, traces, JSON."""

import json
from pathlib import Path

import handmade
import numpy as np
import pytest
from conftest import ROOT, Jobs


@pytest.mark.parametrize(("stages", "devices", "microbatches"), [(1, 1, 1), (1, 1, 4), (1, 4, 2), (2, 2, 4), (3, 1, 2)])
def test_equals_one_device(jobs: Jobs, tmp_path: Path, stages: int, devices: int, microbatches: int) -> None:
    handmade.make(tmp_path / "plan", stages, devices, microbatches)
    done = jobs.run(stages * devices, tmp_path / "plan", "--steps", 3, "--verify", "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["verify"]["ok"]
    assert [step["step"] for step in document["steps"]] == [1, 2, 3]
    assert document["steps"][2]["loss"] < document["steps"][0]["loss"]


@pytest.mark.parametrize("ranks", [((1, 0), (2, 3)), ((3, 1), (0, 2))])
def test_ranks_in_any_order(jobs: Jobs, tmp_path: Path, ranks: tuple[tuple[int, ...], ...]) -> None:
    handmade.make(tmp_path / "plan", 2, 2, 2)
    document = json.loads((tmp_path / "plan/plan.json").read_text())
    for mesh, order in zip(document["meshes"], ranks, strict=True):
        mesh["ranks"] = order
    (tmp_path / "plan/plan.json").write_text(json.dumps(document))
    done = jobs.run(4, tmp_path / "plan", "--steps", 2, "--verify", "--json", limit_s=60)
    assert done.code == 0, done.err
    assert json.loads(done.out)["verify"]["ok"]


def test_runs_without_mpirun(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 1, 1, 2)
    done = jobs.run(0, tmp_path / "plan", "--steps", 2, "--verify")
    assert done.code == 0, done.err
    assert done.err == ""
    assert "step 2  loss " in done.out


def test_outputs_equal_numpy(jobs: Jobs, tmp_path: Path) -> None:
    plan = handmade.make(tmp_path / "plan", 2, 2, 4)
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(a.shape).astype(np.float32) * 0.3 for a in plan.arguments]
    arrays[2] = np.array(41, np.int32)
    arrays[3] = random.standard_normal((2, *plan.arguments[3].shape)).astype(np.float32)  # one batch for each step
    np.savez(tmp_path / "in.npz", **{str(index): array for index, array in enumerate(arrays)})
    done = jobs.run(
        4, tmp_path / "plan", "--steps", 2, "--inputs", tmp_path / "in.npz", "--outputs", tmp_path / "out.npz"
    )
    assert done.code == 0, done.err
    assert "generated" not in done.out
    w0, w1, count, x, t = (array.astype(np.float64) for array in arrays)
    for step in range(2):
        h = np.tanh(x[step] @ w0)
        d = h @ w1 - t
        loss = (d * d).sum() / d.size
        gy = 2 * d / d.size
        g0 = (gy @ w1.T) * (1 - h * h)
        w0, w1 = w0 - 100 * handmade.LR * (x[step].T @ g0), w1 - 100 * handmade.LR * (h.T @ gy)
    with np.load(tmp_path / "out.npz") as out:
        np.testing.assert_allclose(out["0"], w0, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(out["1"], w1, rtol=1e-4, atol=1e-5)
        assert out["2"] == count + 2
        np.testing.assert_allclose(out["3"], loss, rtol=1e-5)


def test_same_seed_same_numbers_on_any_layout(jobs: Jobs, tmp_path: Path) -> None:
    losses: list[float] = []
    for stages, devices in ((1, 1), (2, 2)):
        plan = tmp_path / f"plan{stages}{devices}"
        handmade.make(plan, stages, devices, 2)
        document = json.loads(jobs.run(stages * devices, plan, "--seed", 7, "--steps", 2, "--json").out)
        assert document["generated"] == [0, 1, 2, 3, 4]
        losses.append(document["steps"][1]["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_trace_of_every_rank(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 2, 1, 2)
    done = jobs.run(2, tmp_path / "plan", "--trace", tmp_path / "trace")
    assert done.code == 0, done.err
    events = json.loads((tmp_path / "trace" / "rank-0001.json").read_text())["traceEvents"]
    assert [event["args"]["microbatch"] for event in events if event["name"] == "run forward"] == [0, 1]


def test_64_ranks(jobs: Jobs, tmp_path: Path) -> None:
    handmade.make(tmp_path / "plan", 8, 8, 8)
    done = jobs.run(64, tmp_path / "plan", "--steps", 2, "--verify", limit_s=300)
    assert done.code == 0, done.err
    assert done.err == ""
    assert "8 meshes x 8 devices" in done.out


def test_names_do_not_steer_the_terminal(jobs: Jobs) -> None:
    done = jobs.run(2, ROOT / "tests/modules/hostile_names.mlir", "--verify")
    assert done.code == 0, done.err
    assert "update of par?[2J?am?s" in done.out
    assert done.out.replace("\n", "").isprintable()


@pytest.mark.parametrize("target", ["plan", "linen_cnn.mlirbc"])
def test_a_second_start_compiles_nothing(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(cache))
    handmade.make(tmp_path / "plan", 2, 2, 2)
    place = tmp_path / "plan" if target == "plan" else ROOT / "tests/modules" / target
    words = (4, place, "--steps", 2, "--verify", "--json")
    first = jobs.run(*words)
    assert first.code == 0, first.err
    made = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert len(made) > 3
    second = jobs.run(*words)
    assert second.code == 0, second.err
    found = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    assert found.keys() == made.keys()
    assert all(found[name] > at for name, at in made.items())  # each was read
    assert json.loads(second.out)["steps"][1]["loss"] == json.loads(first.out)["steps"][1]["loss"]
    for path in cache.iterdir():
        path.write_bytes(path.read_bytes()[:-100])  # a disk that lost something
    third = jobs.run(*words)
    assert third.code == 0, third.err
