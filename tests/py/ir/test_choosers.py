"""Every chooser on real modules: a real plan each, never better than the optimum, and state that lies as its rule says."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from jaxlib.mlir import ir

from compiler.driver import make_plan
from compiler.frontends.load import load_module
from compiler.options import CHOOSER_NAMES, PlanOptions
from compiler.pipeline.run import run_pipeline
from compiler.pipeline.text import parse_pipeline
from compiler.plan.files import load_plan
from dialects.context import make_context
from dialects.sharding import Sharding
from passes.analysis.shardings.cases import Case, read_cases
from passes.analysis.shardings.machine_attr import read_machine
from passes.choosers import flexflow, ilp, tofu
from passes.choosers.base import SolverOptions, best_of, restricted
from passes.rules import write_rules
from passes.shardings.choose_shardings import CHOOSERS
from passes.solvers.shardings.problem import Certificate, ShardingProblem, ShardingSolution

MODULES = Path(__file__).parents[2] / "modules"
NAMES = (
    "jax_mlp",
    "keras_cnn",
    "zoo/adam",
    "zoo/scan_layers",
    "zoo/tied_embedding",
    "zoo/not_donated",
    "zoo/odd_batch",
)
MESHES = ("4", "2x2")
OPTIONS = SolverOptions(time_limit_s=30.0)


@dataclass(frozen=True)
class Read:
    """A module and its problem, which lives as long as the module does."""

    module: ir.Module
    case: Case

    def ports(self, solution: ShardingSolution) -> dict[str, Sharding]:
        """Value id -> how it lies between fragments."""
        graph = self.case.graph
        return {name: site.forms[solution.choice[site.index]][0] for name, site in graph.ports.items()}

    def split_of(self, solution: ShardingSolution, role: str) -> list[tuple[tuple[int, ...], int]]:
        """Shape, and in how many parts, of the state of a role."""
        mesh, ports = self.case.prices.mesh, self.ports(solution)
        mine = [name for name, its in self.case.roles.items() if its == role and name in ports]
        shapes = {name: self.case.graph.ports[name].shape for name in mine}
        return [(shapes[name], mesh.size(a for dim in ports[name].dims for a in dim)) for name in mine]


@pytest.fixture(autouse=True)
def context() -> Iterator[None]:
    with make_context(), ir.Location.unknown():
        yield


def read(name: str, mesh: str, machine: str = "a100-dgx", microbatches: int = 1) -> Read:
    context = ir.Location.unknown().context
    module = load_module(str(MODULES / f"{name}.mlirbc"), context).module
    text = (
        f"normalize,assign-roles,microbatch{{microbatches={microbatches}}},copy-views,mark-phases,choose-stages{{stages=1}},"
        f"place,realize,use-machine{{machine={machine} mesh={mesh}}}"
    )
    run_pipeline(module, parse_pipeline(text))
    costs = read_machine(module)
    assert costs is not None
    write_rules(module)
    return Read(module, read_cases(module, costs)[0])


def test_the_lists_of_names_are_one() -> None:
    assert tuple(CHOOSERS) == CHOOSER_NAMES


@pytest.mark.parametrize("mesh", MESHES)
@pytest.mark.parametrize("name", NAMES)
def test_none_is_better_than_the_optimum(name: str, mesh: str) -> None:
    got = read(name, mesh, machine="local-cpu")
    case = got.case
    best = CHOOSERS["ilp"](case, OPTIONS).certificate.objective_s
    for chooser, choose in CHOOSERS.items():
        solution = choose(case, OPTIONS)
        assert solution.certificate.objective_s == pytest.approx(case.problem.objective(solution.choice), rel=1e-12)
        assert solution.certificate.objective_s >= best * (1 - 1e-9), chooser
        assert solution.used_bytes == case.problem.used_bytes(solution.choice)


@pytest.mark.parametrize("chooser", CHOOSER_NAMES)
def test_each_makes_a_plan(chooser: str, tmp_path: Path) -> None:
    options = PlanOptions(hosts=1, devices_per_host=4, stages=1, mesh=(2, 2), intra=chooser)
    made = make_plan(str(MODULES / "jax_mlp.mlirbc"), str(tmp_path / "plan"), options)
    assert load_plan(str(tmp_path / "plan")) == made
    assert {path.stem for path in (tmp_path / "plan" / "stages").iterdir()} == {
        Path(item.file).stem for item in made.fragments
    }


def test_data_splits_the_batch_only() -> None:
    got = read("jax_mlp", "2x2")
    ports = got.ports(CHOOSERS["data"](got.case, OPTIONS))
    rows = {name: form for name, form in ports.items() if name.startswith("batch")}
    assert {form.dims[0] for form in rows.values()} == {("x", "y")}
    assert all(form.is_replicated for name, form in ports.items() if name.startswith("arg"))


@pytest.mark.parametrize(
    ("chooser", "split"),
    [("data", ()), ("zero1", ("optimizer",)), ("zero2", ("optimizer",)), ("zero3", ("parameter", "optimizer"))],
)
def test_zero_splits_state_as_far_as_it_divides(chooser: str, split: tuple[str, ...]) -> None:
    got = read("jax_mlp", "2x2")
    solution = CHOOSERS[chooser](got.case, OPTIONS)
    for role in ("parameter", "optimizer"):
        found = got.split_of(solution, role)
        assert found
        for shape, parts in found:
            most = max((p for p in (1, 2, 4) if any(size % p == 0 for size in shape)), default=1)
            assert parts == (most if role in split else 1), (role, shape)


def test_zero2_keeps_parts_of_the_accumulated_gradients() -> None:
    got = read("jax_mlp", "4", microbatches=4)
    kept = {name: got.ports(CHOOSERS[name](got.case, OPTIONS)) for name in ("data", "zero1", "zero2")}
    big = [name for name, site in got.case.graph.ports.items() if name.startswith("acc") and len(site.shape) == 2]
    assert big
    for name in big:
        assert not any(kept["data"][name].dims)
        assert not any(kept["zero1"][name].dims)
        assert any(kept["zero2"][name].dims)
        assert not kept["zero2"][name].unreduced


def test_zero_takes_less_memory_by_stage() -> None:
    got = read("jax_mlp", "4")
    case = got.case
    used = [max(CHOOSERS[name](case, OPTIONS).used_bytes) for name in ("data", "zero1", "zero2", "zero3")]
    assert used == sorted(used, reverse=True)
    assert len(set(used)) == 4


def test_megatron_alternates_columns_and_rows() -> None:
    got = read("gpt_small", "2x2")
    ports = got.ports(CHOOSERS["megatron"](got.case, OPTIONS))
    shapes = {
        name: site.shape for name, site in got.case.graph.ports.items() if got.case.roles.get(name) == "parameter"
    }
    by_shape: dict[tuple[int, ...], set[str]] = {}
    for name, shape in shapes.items():
        by_shape.setdefault(shape, set()).add(ports[name].text())
    assert by_shape[(32, 128)] == {'[{}, {"y"}]'}  # into the MLP: columns
    assert by_shape[(128, 32)] == {'[{"y"}, {}]'}  # out of it: rows; the embedding by vocabulary
    assert by_shape[(32, 96)] == {'[{}, {"y"}]'}  # queries, keys, values
    assert by_shape[(32, 32)] == {'[{"y"}, {}]'}  # behind attention by heads
    assert by_shape[(32,)] == {"[{}]"}  # norms are whole
    assert by_shape[(128,)] == {'[{"y"}]'}  # the bias of columns
    assert {ports[name].dims[0] for name in ports if name.startswith("batch")} == {("x",)}


def test_mesh_tensorflow_is_no_worse_than_splitting_the_batch() -> None:
    """Which is one of its layouts."""
    got = read("jax_mlp", "4")
    case = got.case
    solution = CHOOSERS["mesh-tensorflow"](case, OPTIONS)
    data = CHOOSERS["data"](case, OPTIONS)
    assert solution.certificate.objective_s <= data.certificate.objective_s


def test_tofu_never_undoes_an_earlier_axis() -> None:
    """What the last step leaves of the first axis is what the first step alone would have chosen."""
    got = read("jax_mlp", "2x2", machine="local-cpu")
    chosen = got.ports(CHOOSERS["tofu"](got.case, OPTIONS))
    first = {site.index: tofu.uses_only(site, ("x",)) for site in got.case.graph.sites}
    alone = best_of(got.case.problem, first, OPTIONS)
    for name, site in got.case.graph.ports.items():
        assert tofu.only(chosen[name], ("x",)) == site.forms[alone[site.index]][0]


def test_flexflow_gives_the_same_answer_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flexflow, "PROPOSALS", 2_000)
    got = read("jax_mlp", "4")
    case = got.case
    first, second = flexflow.choose(case, OPTIONS), flexflow.choose(case, OPTIONS)
    assert first.choice == second.choice
    assert first.certificate.objective_s <= CHOOSERS["data"](case, OPTIONS).certificate.objective_s


def test_a_mask_that_leaves_nothing_is_no_mask() -> None:
    got = read("zoo/adam", "4")
    problem = got.case.problem
    none = {0: problem.nodes[0].cost < 0}
    assert restricted(problem, none).nodes[0] is problem.nodes[0]


def lazy(problem: ShardingProblem, **_: object) -> ShardingSolution:
    """A search that ended at the first choice it saw: every node's cheapest by itself, and a bound of a tenth of that."""
    choice = tuple(int(node.cost.argmin()) for node in problem.nodes)
    least = problem.objective(choice)
    size = len(problem.nodes), len(problem.edges)
    certificate = Certificate(least, least / 10, 0.9, "dual bound", *size, *size, 0.0)
    return ShardingSolution(choice, certificate, problem.used_bytes(choice))


def test_where_a_gap_is_left_the_best_rule_that_fits_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    got = read("jax_mlp", "2x2", machine="local-cpu")
    case = got.case
    rules = [choose(case, OPTIONS) for choose in ilp.OTHERS]
    best = min(rules, key=lambda rule: rule.certificate.objective_s)
    monkeypatch.setattr(ilp, "solve_sharding", lazy)
    start = lazy(case.problem).certificate
    assert best.certificate.objective_s < start.objective_s
    found = ilp.choose(case, OPTIONS)
    assert found.choice == best.choice
    said = found.certificate
    assert (said.objective_s, said.bound_s, said.method) == (best.certificate.objective_s, start.bound_s, "dual bound")
    assert said.gap == pytest.approx((said.objective_s - said.bound_s) / said.objective_s, rel=1e-12)
    assert ilp.choose(case, replace(OPTIONS, time_limit_s=0.0)).choice == lazy(case.problem).choice

    least = min(max(rule.used_bytes) for rule in rules)
    rows = tuple(replace(row, limit_bytes=least) for row in case.problem.rows)
    fitting = [rule for rule in rules if max(rule.used_bytes) <= least]
    assert 0 < len(fitting) < len(rules)
    small = replace(case, problem=replace(case.problem, rows=rows))
    taken = min([lazy(small.problem), *fitting], key=lambda rule: rule.certificate.objective_s)
    assert ilp.choose(small, OPTIONS).choice == taken.choice
