"""Training data that every machine has: the source code of Python's standard library, and made-up images."""

import sysconfig
from pathlib import Path

import numpy as np

VOCABULARY = 128  # ASCII
CLASSES = 10


def read_text(max_bytes: int = 2_000_000) -> np.ndarray:
    """The standard library's modules one after the other, as ASCII codes."""
    text = bytearray()
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text += path.read_text("utf-8").encode("ascii", "replace")
        if len(text) >= max_bytes:
            break
    return np.frombuffer(bytes(text[:max_bytes]), np.uint8).astype(np.int32)


def text_batches(text: np.ndarray, steps: int, batch: int, seq: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random windows of the text: tokens and targets, each int32[steps, batch, seq]."""
    starts = np.random.default_rng(seed).integers(0, len(text) - seq - 1, (steps, batch, 1))
    windows = text[starts + np.arange(seq + 1)]
    return windows[..., :-1], windows[..., 1:]


def image_batches(steps: int, batch: int, size: int, seed: int, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images of ten smooth patterns: float32[steps, batch, size, size, channels], and int32 labels."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, (steps, batch)).astype(np.int32)
    coarse = rng.standard_normal((CLASSES, size // 4, size // 4, channels))
    patterns = coarse.repeat(4, 1).repeat(4, 2)
    images = patterns[labels] + 0.5 * rng.standard_normal((steps, batch, size, size, channels))
    return images.astype(np.float32), labels
