"""Numbers for people, to and from text: bytes, seconds, flops."""

import math
import re

from dialects.errors import fail


def show_bytes(num_bytes: float) -> str:
    """1536 -> "1.5 KiB"."""
    return _scaled(num_bytes, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB"))


def show_flops(flops: float) -> str:
    """2.5e12 -> "2.5 Tflop"."""
    return _scaled(flops, 1000, ("flop", "Kflop", "Mflop", "Gflop", "Tflop", "Pflop", "Eflop"))


def show_s(seconds: float) -> str:
    """0.00123 -> "1.23 ms"."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns" if seconds > 0 else "0 s"


def _scaled(number: float, base: float, units: tuple[str, ...]) -> str:
    power = 0
    while number >= base and power + 1 < len(units):
        number /= base
        power += 1
    return f"{number:.0f} {units[0]}" if power == 0 else f"{number:.3g} {units[power]}"


def parse_bytes(text: str) -> float:
    """Read "16GiB", "512 MB" or "1e9" as bytes. Raises UserError."""
    match = re.fullmatch(r"\s*([0-9.]+(?:e[0-9]+)?)\s*([KMGT]i?)?B?\s*", text, re.IGNORECASE)
    try:
        number = float(match[1]) if match else 0.0
    except ValueError:
        number = 0.0
    if not match or not 0 < number < math.inf:
        shown = text if len(text) < 40 else f"{text[:40]}…"
        fail(f"got '{shown}', want a size in bytes", remedy="write it as 16GiB, 512MB or 1000000000")
    unit = (match[2] or "").lower()
    power = "kmgt".index(unit[0]) + 1 if unit else 0
    return number * (1024.0 if unit.endswith("i") else 1000.0) ** power
