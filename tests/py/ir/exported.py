"""Serialized jax.exports of a small step, made by one other process: once an XLA client lives in this one, jax cannot be imported."""

import base64
import functools
import importlib.util
import os
import subprocess
import sys

import pytest

_SCRIPT = """
import base64, jax, jax.export
for words in {asked!r}:
    platforms, dynamic = tuple(words.removesuffix("?").split(",")), words.endswith("?")
    x = jax.ShapeDtypeStruct(jax.export.symbolic_shape("n") if dynamic else (4,), "float32")
    def step(x):
        return jax.lax.platform_dependent(x, cpu=lambda x: x + x, cuda=lambda x: x * x, default=lambda x: x - x)
    print(base64.b64encode(jax.export.export(jax.jit(step), platforms=platforms)(x).serialize()).decode())
"""
_ASKED = ("cpu", "cuda", "cpu?", "cpu,cuda", "tpu,cpu", "tpu,cuda", "cuda,tpu,cpu")


def export(platforms: tuple[str, ...], *, dynamic: bool = False) -> bytes:
    """``x + x`` on the cpu, ``x * x`` on cuda, zeros elsewhere, for f32[4], or for f32[n] if ``dynamic``."""
    return _exports()[",".join(platforms) + "?" * dynamic]


@functools.cache
def _exports() -> dict[str, bytes]:
    if importlib.util.find_spec("optax") is None:  # the extra `jax`; jax itself may be blocked in this process
        pytest.skip("jax is not installed")
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", _SCRIPT.format(asked=_ASKED)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return {words: base64.b64decode(line) for words, line in zip(_ASKED, done.stdout.split(), strict=True)}
