"""Plans made by hand: a two-layer network in two stages, so that the runtime is tested without the compiler.

    h = tanh(x w0); y = h w1; loss = sum((y - t)^2) / (B * OUT); w <- w - LR * gradient; count <- count + 1

``python handmade.py FOLDER [STAGES] [DEVICES_PER_MESH] [MICROBATCHES]`` writes one. With STAGES=1 all fragments are on
one mesh. ``w0`` is split over the columns, so ``h`` leaves mesh 0 split over dim 1 and reaches mesh 1 split over dim 0.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from compiler.emit.instructions import make_instructions
from compiler.plan.files import write_plan
from compiler.plan.records import (
    VERSION,
    Argument,
    Axis,
    Fragment,
    Instruction,
    Machine,
    Mesh,
    Placement,
    Plan,
    Prediction,
    Result,
    Run,
    Sharding,
    Value,
)  # fmt: skip

IN, HIDDEN, OUT, ROWS, LR = 8, 64, 64, 64, 0.05  # ROWS of one microbatch
MATMUL = "stablehlo.dot_general {}, {}, contracting_dims = [{}] x [{}] : ({}, {}) -> {}"


def tensor(*shape: int, dtype: str = "f32") -> str:
    """tensor<2x3xf32>"""
    return f"tensor<{''.join(f'{size}x' for size in shape)}{dtype}>"


def matmul(a: str, b: str, x: int, y: int, types: tuple[str, str, str]) -> str:
    """The dot_general that contracts dim ``x`` of ``a`` with dim ``y`` of ``b``."""
    return MATMUL.format(a, b, x, y, *types)


def program(batch: int) -> str:
    """The whole training step on one device, for ``batch`` rows."""
    x, t, h = tensor(batch, IN), tensor(batch, OUT), tensor(batch, HIDDEN)
    w0, w1, s, i = tensor(IN, HIDDEN), tensor(HIDDEN, OUT), tensor(), tensor(dtype="i32")
    return f"""module @handmade {{
  func.func public @main(%w0: {w0} {{tf.aliasing_output = 0 : i32}}, %w1: {w1} {{tf.aliasing_output = 1 : i32}},
      %count: {i} {{tf.aliasing_output = 2 : i32}}, %x: {x}, %t: {t}) -> ({w0}, {w1}, {i}, {s}) {{
    %h0 = {matmul("%x", "%w0", 1, 0, (x, w0, h))}
    %h = stablehlo.tanh %h0 : {h}
    %y = {matmul("%h", "%w1", 1, 0, (h, w1, t))}
{_loss(batch, batch, t, s)}
    %gw1 = {matmul("%h", "%gy", 0, 0, (h, t, w1))}
    %gh = {matmul("%gy", "%w1", 1, 1, (t, w1, h))}
{_tanh_gradient(h)}
    %gw0 = {matmul("%x", "%g0", 0, 0, (x, h, w0))}
{_descend("w0", w0)}
{_descend("w1", w1)}
    %one = stablehlo.constant dense<1> : {i}
    %next = stablehlo.add %count, %one : {i}
    return %new_w0, %new_w1, %next, %loss : {w0}, {w1}, {i}, {s}
  }}
}}
"""


def _loss(rows: int, batch: int, t: str, s: str) -> str:
    return f"""    %d = stablehlo.subtract %y, %t : {t}
    %scale = stablehlo.constant dense<{2 / (batch * OUT)}> : {t}
    %gy = stablehlo.multiply %d, %scale : {t}
    %dd = stablehlo.multiply %gy, %d : {t}
    %half = stablehlo.constant dense<0.5> : {t}
    %part = stablehlo.multiply %dd, %half : {t}
    %zero = stablehlo.constant dense<0.0> : {s}
    %loss = stablehlo.reduce(%part init: %zero) applies stablehlo.add across dimensions = [0, 1] : ({t}, {s}) -> {s}"""


def _tanh_gradient(h: str) -> str:
    return f"""    %hh = stablehlo.multiply %h, %h : {h}
    %ones = stablehlo.constant dense<1.0> : {h}
    %slope = stablehlo.subtract %ones, %hh : {h}
    %g0 = stablehlo.multiply %gh, %slope : {h}"""


def _descend(name: str, kind: str) -> str:
    return f"""    %rate_{name} = stablehlo.constant dense<{LR * 100}> : {kind}
    %step_{name} = stablehlo.multiply %g{name}, %rate_{name} : {kind}
    %new_{name} = stablehlo.subtract %{name}, %step_{name} : {kind}"""


class Maker:
    """Writes one plan; value shapes, placements and the instruction lists follow from the few numbers."""

    def __init__(self, stages: int, devices: int, microbatches: int) -> None:
        """``stages`` meshes of ``devices`` devices."""
        self.stages, self.devices, self.microbatches = stages, devices, microbatches
        self.batch = ROWS * microbatches
        self.values: dict[str, Value] = {}
        self.fragments: list[Fragment] = []
        self.files: dict[str, str] = {"program.mlir": program(self.batch)}

    def mesh(self, stage: int) -> int:
        """The mesh that runs ``stage``: layer 0 is on the first, the rest on the last; in between: relays."""
        return stage

    def value(self, name: str, kind: str, shape: Sequence[int], where: dict[int, Sharding], dtype: str = "f32",
              argument: int | None = None) -> None:  # fmt: skip
        """Declare a value with its shardings by mesh."""
        placements = tuple(Placement(mesh=mesh, sharding=sharding) for mesh, sharding in where.items())
        self.values[name] = Value(
            id=name, kind=kind, dtype=dtype, shape=tuple(shape), placements=placements, argument=argument
        )  # type: ignore[arg-type]

    def fragment(self, name: str, stage: int, phase: str, inputs: Sequence[str], outputs: Sequence[str], body: str,
                 donated: Sequence[int] = ()) -> None:  # fmt: skip
        """Declare a fragment: ``body`` uses %name for inputs and defines %new_name or %name for outputs."""
        mesh = self.mesh(stage)

        def typed(value: str) -> str:
            return tensor(*self.values[value].shape, dtype=self.values[value].dtype)

        def sharded(value: str) -> str:
            placement = next(p for p in self.values[value].placements if p.mesh == mesh)
            dims = ", ".join("{" + ", ".join(f'"{axis}"' for axis in dim) + "}" for dim in placement.sharding)
            return f"sdy.sharding = #sdy.sharding<@mesh, [{dims}]>"

        def attributes(position: int, value: str) -> str:
            donate = (
                f", tf.aliasing_output = {outputs.index(value)} : i32"
                if value in outputs
                else ", jax.buffer_donor = true"
            )
            return f"{{{sharded(value)}{donate if position in donated else ''}}}"

        arguments = ", ".join(f"%{v}: {typed(v)} {attributes(i, v)}" for i, v in enumerate(inputs))
        results = ", ".join(f"{typed(v)} {{{sharded(v)}}}" for v in outputs)
        returned = [f"%new_{v}" if f"%new_{v} =" in body else f"%{v}" for v in outputs]
        self.files[f"stages/{name}.mlir"] = f"""module @{name} {{
  sdy.mesh @mesh = <["d"={self.devices}]>
  func.func public @main({arguments}) -> ({results}) {{
{body}
    return {", ".join(returned)} : {", ".join(typed(v) for v in outputs)}
  }}
}}
"""
        self.fragments.append(
            Fragment(
                name=name,
                stage=stage,
                phase=phase,
                mesh=mesh,
                file=f"stages/{name}.mlir",
                inputs=tuple(inputs),
                outputs=tuple(outputs),
                donated=tuple(donated),
                flops=0,
                temp_bytes=0,
            )
        )

    def make(self, folder: Path, edit: tuple[str, str, str] | None = None) -> Plan:
        """Write the plan into ``folder``."""
        last, middle = self.stages - 1, range(1, self.stages - 1)
        whole, rows, columns = ((), ()), (("d",), ()), ((), ("d",))
        b = ROWS
        self.value("w0", "argument", (IN, HIDDEN), {0: columns}, argument=0)
        self.value("w1", "argument", (HIDDEN, OUT), {last: whole}, argument=1)
        self.value("count", "argument", (), {last: ()}, "i32", argument=2)
        self.value("x", "batch", (b, IN), {0: whole}, argument=3)
        self.value("t", "batch", (b, OUT), {last: rows}, argument=4)
        for m in range(self.stages):
            self.value(
                f"h{m}", "microbatch", (b, HIDDEN), {k: columns if k == 0 else rows for k in {m, min(m + 1, last)}}
            )
            self.value(
                f"gh{m}", "microbatch", (b, HIDDEN), {k: columns if k == 0 else rows for k in {m, max(m - 1, 0)}}
            )
        self.value("gy", "microbatch", (b, OUT), {last: rows})
        self.value("gw0", "step", (IN, HIDDEN), {0: columns})
        self.value("gw1", "step", (HIDDEN, OUT), {last: whole})
        self.value("loss", "step", (), {last: ()})
        self.value("new_w0", "step", (IN, HIDDEN), {0: columns})
        self.value("new_w1", "step", (HIDDEN, OUT), {last: whole})
        self.value("next", "step", (), {last: ()}, "i32")
        self.first_stage()
        for m in middle:
            h = tensor(b, HIDDEN)
            one = f"    %one = stablehlo.constant dense<1.0> : {h}\n"
            body = one + "    %new_{} = stablehlo.multiply %{}, %one : " + h
            self.fragment(f"forward{m}", m, "forward", [f"h{m - 1}"], [f"h{m}"], body.format(f"h{m}", f"h{m - 1}"))
            self.fragment(
                f"backward{m}", m, "backward", [f"gh{m + 1}"], [f"gh{m}"], body.format(f"gh{m}", f"gh{m + 1}")
            )
        self.last_stage(last)
        plan = self.plan(last)
        if edit is not None:
            file, old, new = edit
            assert old in self.files[file], (old, self.files[file])
            self.files[file] = self.files[file].replace(old, new)
        return write_plan(plan, self.files, str(folder))

    def first_stage(self) -> None:
        """x -> h0, and its gradients."""
        b = ROWS
        x, h, w0 = tensor(b, IN), tensor(b, HIDDEN), tensor(IN, HIDDEN)
        self.fragment("setup0", 0, "setup", [], ["gw0"], f"    %gw0 = stablehlo.constant dense<0.0> : {w0}")
        body = f"    %z = {matmul('%x', '%w0', 1, 0, (x, w0, h))}\n    %h0 = stablehlo.tanh %z : {h}"
        self.fragment("forward0", 0, "forward", ["w0", "x"], ["h0"], body)
        gh = "gh0" if self.stages == 1 else "gh1"
        body = _tanh_gradient(h).replace("%h,", "%h0,").replace(", %h ", ", %h0 ").replace("%gh,", f"%{gh},")
        body += f"\n    %gp = {matmul('%x', '%g0', 0, 0, (x, h, w0))}\n    %new_gw0 = stablehlo.add %gw0, %gp : {w0}"
        self.fragment("backward0", 0, "backward", ["x", "h0", gh, "gw0"], ["gw0"], body, donated=[3])
        self.fragment("update0", 0, "update", ["w0", "gw0"], ["new_w0"], _descend("w0", w0), donated=[0, 1])

    def last_stage(self, last: int) -> None:
        """h -> loss, and its gradients."""
        b = ROWS
        t, h, w1, s, i = tensor(b, OUT), tensor(b, HIDDEN), tensor(HIDDEN, OUT), tensor(), tensor(dtype="i32")
        body = f"    %gw1 = stablehlo.constant dense<0.0> : {w1}\n    %loss = stablehlo.constant dense<0.0> : {s}"
        self.fragment("setup", last, "setup", [], ["gw1", "loss"], body)
        hidden = f"h{max(last - 1, 0)}"
        body = f"    %y = {matmul(f'%{hidden}', '%w1', 1, 0, (h, w1, t))}\n"
        loss = (
            _loss(b, self.batch, t, s)
            .replace("%loss =", "%now =")
            .replace("%gy ", "%new_gy ")
            .replace("%gy,", "%new_gy,")
        )
        body += loss + f"\n    %new_loss = stablehlo.add %loss, %now : {s}"
        self.fragment("forward", last, "forward", ["w1", hidden, "t", "loss"], ["gy", "loss"], body, donated=[3])
        body = f"    %gp = {matmul(f'%{hidden}', '%gy', 0, 0, (h, t, w1))}\n"
        body += f"    %new_gw1 = stablehlo.add %gw1, %gp : {w1}\n"
        body += f"    %gh{last} = {matmul('%gy', '%w1', 1, 1, (t, w1, h))}"
        inputs = ["w1", hidden, "gy", "gw1"]
        self.fragment("backward", last, "backward", inputs, [f"gh{last}", "gw1"], body, donated=[2, 3])
        body = (
            _descend("w1", w1)
            + f"\n    %one = stablehlo.constant dense<1> : {i}\n    %next = stablehlo.add %count, %one : {i}"
        )
        self.fragment("update", last, "update", ["w1", "gw1", "count"], ["new_w1", "next"], body, donated=[0, 1, 2])

    def lists(self, last: int) -> tuple[tuple[Instruction, ...], ...]:
        """GPipe: all microbatches forward, then all backward in the opposite order."""
        runs: list[list[Run]] = [[] for _ in range(self.stages)]
        runs[0].append(Run(fragment="setup0"))
        runs[last].append(Run(fragment="setup"))
        forward = [f"forward{m}" for m in range(last)] + ["forward"] if last else ["forward0", "forward"]
        backward = ["backward"] + [f"backward{m}" for m in reversed(range(last))] if last else ["backward", "backward0"]
        meshes = {fragment.name: fragment.mesh for fragment in self.fragments}
        for names, order in ((forward, range(self.microbatches)), (backward, reversed(range(self.microbatches)))):
            for m in order:
                for name in names:
                    runs[meshes[name]].append(Run(fragment=name, microbatch=m))
        runs[0].append(Run(fragment="update0"))
        runs[last].append(Run(fragment="update"))
        results = {"new_w0": [0], "new_w1": [last], "next": [last], "loss": [last]}
        return make_instructions(self.fragments, list(self.values.values()), runs, self.microbatches, results)

    def plan(self, last: int) -> Plan:
        """The record."""
        d, b = self.devices, self.batch
        arguments = (
            Argument(index=0, name="w0", dtype="f32", shape=(IN, HIDDEN), role="parameter", state_result=0),
            Argument(index=1, name="w1", dtype="f32", shape=(HIDDEN, OUT), role="parameter", state_result=1),
            Argument(index=2, name="count", dtype="i32", shape=(), role="optimizer", state_result=2),
            Argument(index=3, name="x", dtype="f32", shape=(b, IN), role="batch"),
            Argument(index=4, name="t", dtype="f32", shape=(b, OUT), role="batch"),
        )
        results = (
            Result(index=0, name="w0", dtype="f32", shape=(IN, HIDDEN), role="state", value="new_w0", state_arg=0),
            Result(index=1, name="w1", dtype="f32", shape=(HIDDEN, OUT), role="state", value="new_w1", state_arg=1),
            Result(index=2, name="count", dtype="i32", shape=(), role="state", value="next", state_arg=2),
            Result(index=3, name="loss", dtype="f32", shape=(), role="loss", value="loss"),
        )
        meshes = tuple(
            Mesh(name=f"mesh{m}", ranks=tuple(range(m * d, (m + 1) * d)), axes=(Axis(name="d", size=d),))
            for m in range(self.stages)
        )
        nothing = Prediction(
            step_s=0,
            stage_forward_s=(),
            stage_backward_s=(),
            mesh_argument_bytes=(),
            mesh_peak_bytes=(),
            transfer_bytes_per_step=0,
            bubble_fraction=0,
        )
        return Plan(
            version=VERSION,
            name="handmade",
            machine=Machine(name="here", hosts=1, devices_per_host=d, memory_bytes=1e9),
            schedule="gpipe",
            microbatches=self.microbatches,
            num_stages=self.stages,
            batch_size=b,
            program="program.mlir",
            meshes=meshes,
            arguments=arguments,
            results=results,
            values=tuple(self.values.values()),
            fragments=tuple(self.fragments),
            instructions=self.lists(last),
            slots=(),
            prediction=nothing,
        )


def make(
    folder: Path,
    stages: int = 2,
    devices: int = 2,
    microbatches: int = 4,
    edit: tuple[str, str, str] | None = None,
) -> Plan:
    """Write a plan for ``stages`` meshes of ``devices`` devices into ``folder``.

    ``edit`` = (file, old, new): a change to one of its files before they are signed.
    """
    return Maker(stages, devices, microbatches).make(folder, edit)


if __name__ == "__main__":
    make(Path(sys.argv[1]), *(int(word) for word in sys.argv[2:]))
