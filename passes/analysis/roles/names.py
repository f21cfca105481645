"""What frontends call arguments and results, and the little that such names tell."""

import re
from dataclasses import dataclass

from jaxlib.mlir import ir

from dialects.ops import entry_block, main_func
from dialects.signature import attr_dicts

_TOKEN = re.compile(r"\[[^\]]*\]|\.?[^.\[\]]+")
_WORD = re.compile(r"[a-z]+")
_NO_NAME = "XLA_Args"  # what TensorFlow's exports call every argument

BATCH_WORDS = frozenset(
    """batch batches x xs y ys t token tokens input inputs target targets label labels image images img pixels ids
    data features obs observation observations example examples sample samples sentence sentences src tgt source text
    attention mask segment positions audio video""".split()
)
_STATE_WORDS = frozenset(
    """param params parameters weight weights kernel bias w b state states opt optimizer mu nu moment momentum variables
    variable trainable embedding scale gamma beta theta ema p""".split()
)
_METRIC_WORDS = frozenset(
    "accuracy acc norm lr rate learning step count scale grad gradient perplexity error top".split()
)
_KEY_WORDS = frozenset("key keys rng rngs seed prng prngkey".split())


@dataclass(frozen=True)
class Signature:
    """Names and types of @main's arguments and results; a name is "" where the frontend gave none."""

    argument_names: tuple[str, ...]
    argument_types: tuple[ir.Type, ...]
    argument_attrs: tuple[dict[str, ir.Attribute], ...]
    result_names: tuple[str, ...]
    result_types: tuple[ir.Type, ...]


def signature_of(module: ir.Module) -> Signature:
    """Read argument names from locations, ``loc("params['w']")``, and result names from ``jax.result_info``."""
    main = main_func(module)
    kind = ir.FunctionType(ir.TypeAttr(main.operation.attributes["function_type"]).value)
    arguments = entry_block(main).arguments
    return Signature(
        argument_names=tuple(_location_name(argument.location) for argument in arguments),
        argument_types=tuple(kind.inputs),
        argument_attrs=tuple(attr_dicts(main, "arg_attrs")),
        result_names=tuple(_result_name(table) for table in attr_dicts(main, "res_attrs")),
        result_types=tuple(kind.results),
    )


def path_of(name: str) -> tuple[str, ...]:
    """``"s[1][0].mu['w']"`` as ``("s", "[1]", "[0]", ".mu", "['w']")``."""
    return tuple(_TOKEN.findall(name))


def words_of(name: str) -> frozenset[str]:
    """The lower-case words of a name: ``"batch['input_ids']"`` has batch, input and ids."""
    return frozenset(_WORD.findall(name.lower()))


def sounds_like_batch(name: str) -> bool:
    """Whether a name speaks of data and not of parameters or keys: "x", "batch['tokens']"."""
    words = words_of(name)
    return bool(words & BATCH_WORDS) and not words & (_STATE_WORDS | _KEY_WORDS)


def sounds_like_metric(name: str) -> bool:
    """Whether a scalar result is surely not the loss: "result[2]['accuracy']"."""
    return bool(words_of(name) & _METRIC_WORDS)


def sounds_like_loss(name: str) -> bool:
    """Whether a result is called loss: "result[1].loss"."""
    path = path_of(name)
    return bool(path) and "loss" in words_of(path[-1])


def sounds_like_key(name: str) -> bool:
    """Whether an argument is called a random key."""
    return bool(words_of(name) & _KEY_WORDS)


def _location_name(location: ir.Location) -> str:
    if isinstance(location, ir.NameLoc):
        return "" if location.name_str == _NO_NAME else location.name_str
    if isinstance(location, ir.FusedLoc):
        return next((item.name_str for item in location.locations if isinstance(item, ir.NameLoc)), "")
    return ""


def _result_name(table: dict[str, ir.Attribute]) -> str:
    info = table.get("jax.result_info")
    return info.value if isinstance(info, ir.StringAttr) else ""
