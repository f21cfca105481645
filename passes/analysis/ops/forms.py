"""How a value relates to the microbatches: the same for all, a slice for each, or a part of a sum.

Time is a mesh axis (docs/decisions/0002): ``split`` is "sharded over time", ``partial`` is "unreduced over time", ``whole`` is
"replicated".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Fold = Literal["sum", "min", "max", "and", "or", "product"]


@dataclass(frozen=True)
class Form:
    """The form of one value.

    whole: each microbatch sees the whole value. split: dim ``dim`` of size outer x M x rest is laid out so that microbatch m
    sees [outer, m, rest]; ``outer`` > 1 after a merge of dims where the batch is not the major one.
    partial: the whole value is the fold, over microbatches, of what each one has.
    own: what one iteration of the user's accumulation loop has, in the microbatch that runs it; there is no whole value.
    ``after``: depends on a finished fold, so it exists only once all microbatches have run.
    ``repeated``: whole, but made by an op that each microbatch runs (a loop that carries rows as well), so that every microbatch
    has the same and what runs once per step must be given one of them.
    """

    kind: Literal["whole", "split", "partial", "own"] = "whole"
    dim: int = -1
    outer: int = 1
    fold: Fold = "sum"
    after: bool = False
    repeated: bool = False

    @property
    def is_whole(self) -> bool:
        return self.kind == "whole"

    @property
    def is_split(self) -> bool:
        return self.kind == "split"

    @property
    def is_own(self) -> bool:
        return self.kind == "own"

    @property
    def is_partial(self) -> bool:
        return self.kind == "partial"


WHOLE = Form()
AFTER = Form(after=True)
REPEATED = Form(repeated=True)
OWN = Form("own")


def split(dim: int, outer: int = 1) -> Form:
    """Sharded over time on ``dim``."""
    return Form("split", dim, outer)


def partial(fold: Fold) -> Form:
    """Unreduced over time."""
    return Form("partial", fold=fold)


def local_shape(shape: tuple[int, ...], form: Form, microbatches: int) -> tuple[int, ...]:
    """The shape that one microbatch sees of a value with ``shape``."""
    if not form.is_split:
        return shape
    return tuple(size // microbatches if dim == form.dim else size for dim, size in enumerate(shape))


def whole_form(forms: Iterable[Form]) -> Form:
    """The form of a whole value that is computed from values of these forms."""
    seen = list(forms)
    if any(form.after for form in seen):
        return AFTER
    return REPEATED if any(form.repeated or not form.is_whole for form in seen) else WHOLE


def join(one: Form, other: Form) -> Form | None:
    """The form that both can be converted to without a fold (whole < split, whole < partial); None when there is none."""
    after = one.after or other.after
    if one.is_whole and other.is_whole:
        return whole_form((one, other))
    if one.is_whole or other.is_whole:
        form = other if one.is_whole else one
        return None if after else form
    return one if one == other else None
