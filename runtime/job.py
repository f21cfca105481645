"""The whole run of one rank, top to bottom: plan, inputs, XLA world, steps, results, verification."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compiler.plan.records import Plan
from dialects.errors import Failure
from runtime.choose_platform import choose_platform
from runtime.data import output
from runtime.data.inputs import Inputs
from runtime.devices.check_modules import check_stages
from runtime.devices.jaxlib_api import Executable, check_version
from runtime.devices.join import joined_world
from runtime.devices.seats import Seat, fragments_of, seats
from runtime.devices.xla import World
from runtime.process.failure import Stop, together
from runtime.process.listening import listening
from runtime.process.supervise import Watch
from runtime.program import PlanFiles, share_files, share_plan
from runtime.report import Reporter
from runtime.step.direct import direct_links
from runtime.step.executor import Resolver
from runtime.step.pace import Pace
from runtime.step.results import Results
from runtime.step.store import Store
from runtime.step.trace import Trace, write_trace
from runtime.transport.base import Transport

if TYPE_CHECKING:
    from runtime.verify.reference import Reference

MOST_NAMES = 5


@dataclass(frozen=True)
class JobOptions:
    """The command line. ``planner``: what is passed on to the planner when ``target`` is a module."""

    target: str
    steps: int
    inputs: str | None
    outputs: str | None
    seed: int
    verify: bool
    on_nan: str
    allow_nan: bool
    trace: str | None
    as_json: bool
    stall_timeout: int | None
    platform: str
    planner: dict[str, str]


class Job:
    """One rank's part of one run. ``run`` raises failure.Stop when all ranks agree to leave."""

    def __init__(self, options: JobOptions, watch: Watch, transport: Transport) -> None:
        self._options, self._watch, self._transport = options, watch, transport
        self._reporter = Reporter(transport.rank == 0, options.as_json)
        self._files: PlanFiles | None = None
        self._reference: Reference | None = None  # on rank 0, when verifying
        self._went_nan: Failure | None = None  # what ended the run early
        self._names = [f"rank {rank}" for rank in range(transport.size)]

    def run(self) -> None:
        """Everything, in order. Ends with all ranks past their last message."""
        try:
            with listening(self._watch, self._transport, self._names, self._options.stall_timeout or 0):
                self._run()
        finally:
            self._reporter.clear()

    def _run(self) -> None:
        options, transport = self._options, self._transport
        self._watch.say(f"rank {transport.rank}, reading the plan")
        with together(transport, transport.rank):
            check_version()
        chosen = choose_platform(options.platform, self._watch.local_rank, transport)
        self._reporter.platform(chosen.platform.name, chosen.words)
        with together(transport, transport.rank):
            if transport.rank == 0:
                _check_destinations(options)
                self._files = PlanFiles(options.target, transport.size, options.planner, chosen.platform.name)
        transport.all_have_met()
        plan = share_plan(self._files, transport)
        with together(transport, transport.rank):
            everyone = seats(plan, transport.size)
            seat = everyone[transport.rank]
            self._names[:] = [other.name for other in everyone]
            self._watch.say(f"{seat.name}, reading the inputs")
            inputs = Inputs(plan.arguments, options.inputs, options.seed, options.steps)
            warnings = inputs.check_values(transport.rank, transport.size, allow_nan=options.allow_nan)
        self._reporter.plan(plan, inputs.generated, options.seed)
        for text in transport.gather_texts("\n".join(warnings)):
            for line in text.splitlines():
                self._reporter.warn("warnings", line, line)
        files = share_files(self._files, plan, everyone, transport)
        if self._files is not None:
            self._files.drop(program=not options.verify)
        with together(transport, transport.rank):
            if seat.device == 0:
                check_stages(plan, seat.mesh, files)
                chosen.platform.check_programs(files)
        mesh = transport.split(seat.mesh, seat.device)
        self._watch.say(f"{seat.name}, joining its mesh")
        with (
            joined_world(mesh, transport, chosen.platform) as world,
            direct_links(plan, seat, world, chosen.platform, transport) as direct,
        ):
            executables = self._compile(plan, seat, world, mesh, files)
            self._watch.say(f"{seat.name}, placing the inputs")
            store = Store(plan, seat, world, inputs)
            resolver = Resolver(plan, seat, world, store, executables, transport, direct)
            trace = Trace(seat) if options.trace else None
            gathered = self._steps(plan, seat, store, resolver, inputs, trace)
            self._reporter.sent(plan, sum(transport.gather_codes(resolver.exchange.sent_bytes)))
            self._watch.say(f"{seat.name}, leaving its mesh")
        self._finish(gathered, trace)

    def _compile(
        self, plan: Plan, seat: Seat, world: World, mesh: Transport, files: dict[str, bytes]
    ) -> dict[str, Executable]:
        """Device 0 compiles, the others load what it made: one compilation a mesh, and a third of the memory."""
        executables: dict[str, Executable] = {}
        for fragment in fragments_of(plan, seat.mesh):
            self._watch.say(f"{seat.name}, compile {fragment.name}")
            binary = mesh.broadcast(world.compile(files[fragment.name]) if seat.device == 0 else None)
            executables[fragment.name] = world.load(binary)
        self._watch.say(f"{seat.name}, connecting the groups of its collectives")
        world.meet(mesh.broadcast, lambda: mesh.gather_codes(0))
        return executables

    def _steps(
        self, plan: Plan, seat: Seat, store: Store, resolver: Resolver, inputs: Inputs, trace: Trace | None
    ) -> dict[int, Any]:
        """Every step; on rank 0 the last step's results where somebody wants them."""
        options, transport, actions = self._options, self._transport, resolver.actions()
        results, stop = Results(plan, seat, store, transport), options.on_nan == "stop"
        pace = Pace(transport, results, lambda step, which: self._hear_of_nan(plan, step, which), at_once=stop)
        transport.gather_codes(0)  # start together, so that the first step's time is a step's time
        results.restart_clock()
        gathered: dict[int, Any] = {}
        for step in range(options.steps):
            store.begin(step)
            resolver.exchange.begin()
            for action in actions:
                place = f", microbatch {action.microbatch}" if action.microbatch is not None else ""
                self._watch.say(f"{seat.name}, step {step + 1}{place}, {action.text}")
                began = trace.now_us() if trace else 0.0
                action.do()
                if trace:
                    trace.add(action.text, began, step=step + 1, microbatch=action.microbatch)
                self._reporter.steps(plan, results.reports(wait=False), options.steps)
            self._watch.say(f"{seat.name}, step {step + 1}, end of the step")
            results.end_step(step)
            last = step == options.steps - 1
            self._reporter.steps(plan, results.reports(wait=last or options.verify or stop), options.steps)
            pace.end_step(step)
            if self._went_nan is not None:
                break
            if options.verify or (last and options.outputs):
                gathered = results.gather()
            if options.verify:
                self._watch.say(f"{seat.name}, step {step + 1}, verifying against one device")
                with together(transport, transport.rank):
                    self._compare(plan, inputs, step, gathered)
                results.restart_clock()
            store.commit()
        pace.finish()
        transport.flush()
        return gathered

    def _hear_of_nan(self, plan: Plan, step: int, which: list[int]) -> None:
        """Say once of each result that it went NaN; with ``--on-nan stop`` the run ends after this step."""
        results = sorted((plan.results[index] for index in which), key=lambda result: result.role != "loss")
        names = ["the loss" if r.role == "loss" else r.name or f"result {r.index}" for r in results]
        more = f" and {len(names) - MOST_NAMES} more results" if len(names) > MOST_NAMES else ""
        line = f"NaN in {', '.join(names[:MOST_NAMES])}{more}"
        if self._options.on_nan == "stop":
            self._went_nan = Failure(line, where=f"step {step + 1}", remedy="--on-nan warn goes on")
            self._reporter.note_one("nan", {"step": step + 1, "results": names})
        else:
            self._reporter.warn("nan", {"step": step + 1, "results": names}, f"step {step + 1}: {line}")

    def _compare(self, plan: Plan, inputs: Inputs, step: int, results: dict[int, Any]) -> None:
        """On rank 0: this step against one device."""
        if self._files is None:
            return
        if self._reference is None:
            from runtime.verify.reference import Reference

            self._reference = Reference(plan, self._files.program, self._files.state, inputs)
        self._reference.step(step, results)

    def _finish(self, gathered: dict[int, Any], trace: Trace | None) -> None:
        """What is kept, the dearest first: where one part fails the next is done all the same, and the first is the error."""
        parts = [lambda: self._write_outputs(gathered), self._judge, lambda: write_trace(trace, self._options.trace)]
        stops = [stop for part in parts if (stop := self._stop_of(part)) is not None]
        self._reporter.close()
        if stops:
            raise stops[0]

    def _stop_of(self, part: Callable[[], None]) -> Stop | None:
        """Do ``part`` on every rank; what it ended with. Collective: no rank begins the next before all have done this one."""
        try:
            with together(self._transport, self._transport.rank):
                part()
        except Stop as stop:
            return stop
        return None

    def _write_outputs(self, gathered: dict[int, Any]) -> None:
        path = self._options.outputs
        if self._files is not None and path and self._went_nan is None:
            output.write_npz(path, gathered)
            self._reporter.note("outputs", path, f"wrote {path}")

    def _judge(self) -> None:
        """On rank 0: what was verified; Failure if that was wrong, or nothing, or if NaN ended the run."""
        seen = self._reference
        if seen is not None:
            self._reporter.verified(seen, seen.steps)
            seen.raise_if_wrong()
        if self._files is not None and self._went_nan is not None:
            raise self._went_nan
        if seen is not None:
            seen.raise_if_nothing()


def _check_destinations(options: JobOptions) -> None:
    if options.outputs:
        output.check_file(options.outputs, "--outputs")
    if options.trace:
        with contextlib.suppress(OSError):
            Path(options.trace).mkdir()
        output.check_folder(Path(options.trace), "--trace")
