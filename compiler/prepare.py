"""All that comes before shardings: roles, microbatches, phases, stages, fragments. One function a step, one why a step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from jaxlib.mlir import ir

from compiler.divided import Divided, divided
from compiler.emit.assemble import Outline
from compiler.frontends.annotate import annotate
from compiler.frontends.check import check_calls
from compiler.machine.asked_layout import asked_layout
from compiler.machine.description import Link, Machine
from compiler.machine.files import load_machine, load_machine_for
from compiler.machine.layout import Layout, auto_stages, make_layout
from compiler.options import PlanOptions
from compiler.spec.cuts import cut_names, find_cuts
from compiler.spec.merge import num_devices
from dialects import attributes as names
from dialects.errors import fail
from dialects.ops import main_func
from dialects.signature import attr_dicts, op_int, text_of
from passes.base import Pass
from passes.fragments.assign_meshes import AssignMeshes
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
    asked, stages = _asked(machine, options)
    widths = _widths(asked, stages, machine.num_devices)
    split = phased(module, options, widths)
    module, remarks = split.module, [split.remark] if split.remark else list[str]()
    remarks += _stacks_left(module)
    count = op_int(module.operation, names.MICROBATCHES) or 1
    chooser = _stage_chooser(asked, widths, machine, find_cuts(options.stage_specs, module))
    run_passes(module, [chooser])
    until = cut_names(module)
    run_passes(module, [Place(), VerifyStages()])
    found = op_int(module.operation, names.NUM_STAGES) or 1
    if found < stages and asked is not None:
        fail(
            f"got {stages} stages with devices of their own, and the forward part can be cut in {found} only",
            where="stages",
        )
    if found < stages:
        remarks.append(f"asked for {stages} stages and the forward part can be cut in {found} only")
    remarks += (
        [] if chooser.cuts else balance_remarks(module, chooser.rates, chooser.speeds)
    )  # by hand: as the user likes it
    layout = asked or make_layout(found, machine.num_devices)
    run_passes(module, [Realize(), AssignMeshes(mesh_of=layout.mesh_of)])
    return Prepared(module, Outline(name, split.arguments, layout, split.rows, count, tuple(remarks), until))


def phased(module: ir.Module, options: PlanOptions, widths: Sequence[int]) -> Divided:
    """From roles (``find_roles``) to phases: what the layers of the forward part are read from. ``widths[stage]``: devices."""
    split = divided(module, options, widths)
    run_passes(split.module, [CopyViews(), MarkPhases()])
    return split


def _asked(machine: Machine, options: PlanOptions) -> tuple[Layout | None, int]:
    """The meshes that were asked for stage by stage, if any were, and how many stages there shall be."""
    specs, devices = options.stage_specs, machine.num_devices
    if not specs:
        return None, options.stages or auto_stages(machine.hosts or 1, devices)
    if options.stages not in (None, len(specs)):
        fail(f"got {options.stages}, and {len(specs)} stages are described", where="--stages", remedy="leave it out")
    if all(
        spec.devices is None and spec.ranks is None for spec in specs
    ):  # equal meshes, shared where there are fewer devices
        equal = make_layout(len(specs), devices)
        ranks = (equal.meshes[mesh].ranks for mesh in equal.mesh_of)
        specs = tuple(replace(spec, ranks=mine) for spec, mine in zip(specs, ranks, strict=True))
    return asked_layout(specs, devices), len(specs)


def _widths(asked: Layout | None, stages: int, devices: int) -> list[int]:
    """Devices of the mesh of each stage; without a layout, what equal meshes will have."""
    if asked is None:
        return [max(1, devices // stages)] * stages
    return [len(asked.meshes[mesh].ranks) for mesh in asked.mesh_of]


def _stacks_left(module: ir.Module) -> list[str]:
    """Why stacks of layers lie whole on one mesh; one line for all of one reason."""
    found: dict[str, list[str]] = {}
    for entry in attr_dicts(main_func(module), "arg_attrs"):
        if names.ONE_STACK in entry:
            found.setdefault(text_of(entry, names.ONE_STACK), []).append(text_of(entry, names.NAME))
    said = {why: f"'{own[0]}'" + (f" and {len(own) - 1} more" if own[1:] else "") for why, own in found.items()}
    return [f"the layers of {which} stay in one array on one mesh: {why}" for why, which in said.items()]


def machine_of(options: PlanOptions) -> Machine:
    """The machine, with a shape for ``options.devices`` when nothing else gives one."""
    hosts, per_host = options.hosts, options.devices_per_host
    name, wanted = options.machine or "local-cpu", num_devices(options.stage_specs)
    if wanted is not None and (hosts, per_host, options.devices) == (None, None, None):
        found = load_machine_for(wanted, name, None, options.memory_per_device)
        fewer = wanted < (found.devices_per_host or 1)  # than a host has
        return load_machine_for(wanted, name, wanted, options.memory_per_device) if fewer else found
    if options.devices is not None and hosts is None and per_host is None:
        per_host = DEVICES_PER_HOST if options.devices % DEVICES_PER_HOST == 0 else options.devices
        hosts = options.devices // per_host
    return load_machine(name, hosts, per_host, options.memory_per_device)


def _pairs(options: PlanOptions) -> tuple[str, ...] | None:
    if options.state_args is None:
        return None
    return tuple(f"{argument}:{result}" for argument, result in options.state_args)


def run_passes(module: ir.Module, passes: Sequence[Pass]) -> None:
    """One after the other."""
    for item in passes:
        item.run(module)


def _stage_chooser(
    asked: Layout | None, widths: Sequence[int], machine: Machine, cuts: tuple[int, ...]
) -> ChooseStages:
    mean = sum(widths) / len(widths)
    link = machine.link(0, min(widths[0], machine.num_devices - 1)) if asked is None else _slowest_link(asked, machine)
    return ChooseStages(
        stages=len(widths),
        cuts=cuts,
        devices=() if asked is None else tuple(widths),
        flops_per_s=machine.flops_per_s["f32"] * mean,
        bytes_per_s=machine.memory_bandwidth_bytes_per_s * mean,
        link_bytes_per_s=link.bandwidth_bytes_per_s,
        link_latency_s=link.latency_s,
    )


def _slowest_link(layout: Layout, machine: Machine) -> Link:
    """Between the meshes of two neighbouring stages; with one mesh, that to the next device."""
    homes = [layout.meshes[mesh].ranks[0] for mesh in layout.mesh_of]
    links = [machine.link(a, b) for a, b in pairwise(homes) if a != b]
    return min(links or [machine.link(0, machine.num_devices - 1)], key=lambda link: link.bandwidth_bytes_per_s)
