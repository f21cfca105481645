"""All that comes before shardings: roles, microbatches, phases, stages, fragments. One function a step, one why a step."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxlib.mlir import ir

from compiler.divided import divided
from compiler.emit.assemble import Outline
from compiler.frontends.annotate import annotate
from compiler.frontends.check import check_calls
from compiler.machine.description import Machine
from compiler.machine.files import load_machine
from compiler.machine.layout import auto_stages, make_layout
from compiler.options import PlanOptions
from dialects import attributes as names
from dialects.signature import op_int
from passes.base import Pass
from passes.fragments.realize import Realize
from passes.normalize.assign_roles import AssignRoles
from passes.normalize.normalize import Normalize
from passes.stages.balance import balance_remarks
from passes.stages.choose_stages import ChooseStages
from passes.stages.copy_views import CopyViews
from passes.stages.mark_phases import MarkPhases
from passes.stages.place import Place
from passes.stages.verify_stages import VerifyStages

DEVICES_PER_HOST = 8  # what a host has when only the number of devices is known, and it is a multiple of this


@dataclass(frozen=True)
class Prepared:
    """A realized module: fragments with phase and stage, and the meshes that they run on. Shardings come next."""

    module: ir.Module
    outline: Outline


def find_roles(module: ir.Module, options: PlanOptions) -> None:
    """One flat @main whose arguments and results have roles, and the user's annotations."""
    roles = AssignRoles(batch_args=options.batch_args, loss=options.loss, state_args=_pairs(options))
    run_passes(module, [Normalize()])
    check_calls(module)
    run_passes(module, [roles])
    annotate(module, options)


def prepare(module: ir.Module, name: str, machine: Machine, options: PlanOptions) -> Prepared:
    """All that comes between roles (``find_roles``) and shardings: microbatches, phases, stages, fragments."""
    devices = machine.num_devices
    stages = options.stages or auto_stages(machine.hosts or 1, devices)
    split = divided(module, options, stages, devices)
    module, remarks = split.module, [split.remark] if split.remark else list[str]()
    count = op_int(module.operation, names.MICROBATCHES) or 1
    chooser = _stage_chooser(stages, machine)
    run_passes(module, [CopyViews(), MarkPhases(), chooser, Place(), VerifyStages()])
    found = op_int(module.operation, names.NUM_STAGES) or 1
    if found < stages:
        remarks.append(f"asked for {stages} stages and the forward part can be cut in {found} only")
    remarks += balance_remarks(module, chooser.rates)
    run_passes(module, [Realize()])
    return Prepared(
        module, Outline(name, split.arguments, make_layout(found, devices), split.rows, count, tuple(remarks))
    )


def machine_of(options: PlanOptions) -> Machine:
    """The machine, with a shape for ``options.devices`` when nothing else gives one."""
    hosts, per_host = options.hosts, options.devices_per_host
    if options.devices is not None and hosts is None and per_host is None:
        per_host = DEVICES_PER_HOST if options.devices % DEVICES_PER_HOST == 0 else options.devices
        hosts = options.devices // per_host
    return load_machine(options.machine or "local-cpu", hosts, per_host, options.memory_per_device)


def _pairs(options: PlanOptions) -> tuple[str, ...] | None:
    if options.state_args is None:
        return None
    return tuple(f"{argument}:{result}" for argument, result in options.state_args)


def run_passes(module: ir.Module, passes: Sequence[Pass]) -> None:
    """One after the other."""
    for item in passes:
        item.run(module)


def _stage_chooser(stages: int, machine: Machine) -> ChooseStages:
    width = max(1, machine.num_devices // stages)
    link = machine.link(0, min(width, machine.num_devices - 1))
    return ChooseStages(
        stages=stages,
        flops_per_s=machine.flops_per_s["f32"] * width,
        bytes_per_s=machine.memory_bandwidth_bytes_per_s * width,
        link_bytes_per_s=link.bandwidth_bytes_per_s,
        link_latency_s=link.latency_s,
    )
