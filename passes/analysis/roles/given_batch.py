"""The batch as the user names it."""

from dialects.errors import fail
from passes.analysis.ops.forms import Form, split
from passes.analysis.roles.batch_args import Batch, shape_at, title
from passes.analysis.roles.names import Signature


def given_batch(signature: Signature, chosen: tuple[str, ...]) -> Batch:
    """The user's choice, checked: "argument", "argument:dim" or "argument:dim:blocks" each.

    Raises UserError on a bad index, dim or number of blocks, a scalar, or rows that are no multiples of the fewest.
    """
    rows, sizes = dict[int, Form](), dict[int, int]()
    for text in chosen:
        try:
            index, dim, blocks = (*(int(part) for part in text.split(":")), *(0, 1)[text.count(":") :])
        except ValueError:
            fail(f"got '{text}', want ARGUMENT[:DIM[:BLOCKS]], indices", where="--batch-args")
        if not 0 <= index < len(signature.argument_types):
            fail(f"got index {index}, want 0 to {len(signature.argument_types) - 1}", where="--batch-args")
        if not (shape := shape_at(signature, index)):
            fail(f"{title(signature, index)} is a scalar and has no batch dimension", where="--batch-args")
        if not 0 <= dim < len(shape):
            fail(f"got dim {dim} of {title(signature, index)}, want 0 to {len(shape) - 1}", where="--batch-args")
        if blocks < 1 or shape[dim] % blocks:
            fail(f"dim {dim} of {title(signature, index)} has no {blocks} blocks of one size", where="--batch-args")
        rows[index], sizes[index] = split(dim, blocks), shape[dim] // blocks
    fewest = min(sizes.values(), default=None)
    if fewest is not None and any(size % max(1, fewest) for size in sizes.values()):
        listed = ", ".join(f"{title(signature, index)} has {size}" for index, size in sizes.items())
        dims = f"dim {next(iter(rows.values())).dim}" if len({form.dim for form in rows.values()}) == 1 else "the batch"
        remedy = "name only arguments whose dim 0 is the batch, or say the dim, as in 1:1"
        fail(f"{dims} differs: {listed}", where="--batch-args", remedy=remedy)
    return Batch(dict.fromkeys(sizes, "said by --batch-args"), fewest, rows)
