"""The small programs of ``tests/modules/cases``: one file a case, what a test must know of it as ``// key: value`` lines at its head.

Where the law of the microbatches reads them, ``want`` says what should come of a case. ``equal``: folding the microbatch runs
gives the whole-batch result. ``refused``: a UserError names the op. ``computed`` and ``dear`` say it of the same program with its
batch arguments computed first, and with no computing on whole copies, both in two stages, where that is not as ``want``.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "modules" / "cases"
# The folders whose cases are of single ops and regions; ``elementwise`` has more of these.
OPS = "shapes selects reductions products convolutions gathers scatters loops branches captures rare".split()


@dataclass(frozen=True)
class Case:
    """A program and what its head says of it; ``tests/modules/cases/README.md`` explains the keys."""

    name: str
    text: str
    want: str = "equal"
    computed: str = ""
    dear: str = ""
    batch: tuple[int, ...] = ()
    microbatches: int = 4
    partition: str = ""
    loss: int | None = None
    state: tuple[str, ...] = ()
    halves: tuple[int, ...] = ()
    quarters: tuple[int, ...] = ()


def read(*groups: str) -> list[Case]:
    """The cases of these folders, in the order of their names."""
    return [_case(path) for group in groups for path in sorted((FOLDER / group).glob("*.mlir"))]


def _case(path: Path) -> Case:
    text = path.read_text()
    said = dict(re.findall(r"^// (\w+): (.*)$", text, re.MULTILINE))
    lists = {key: tuple(map(int, said.pop(key, "").split())) for key in ("batch", "halves", "quarters")}
    numbers = {key: int(said.pop(key)) for key in ("microbatches", "loss") if key in said}
    state = tuple(said.pop("state", "").split())
    return Case(path.stem, text, state=state, **lists, **numbers, **said)


def computed(item: Case) -> Case | None:
    """The same with every float batch argument computed first, so that no op can fall back on the argument as a whole."""
    head, body = item.text.split("{\n", 1)
    made: list[str] = []
    for i, (name, kind) in enumerate(re.findall(r"%(\w+): (tensor<[^,)]*>)", head)):
        if i in item.batch and re.search(r"[x<](f\d+|bf16|complex<f\d+>)>", kind):
            doubled, once = f"add %{name}, %{name}", f"tanh %{name}"
            # bits are compared: an add that doubles rounds nowhere, whatever it is fused with
            made.append(f"%{name}__e = stablehlo.{doubled if 'bitcast' in body else once} : {kind}\n")
            body = re.sub(rf"%{name}\b", f"%{name}__e", body)
    if not made:
        return None
    return replace(item, name=f"{item.name}~", want=item.computed or item.want, text=f"{head}{{\n{''.join(made)}{body}")
