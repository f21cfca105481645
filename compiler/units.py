"""Numbers for people: bytes, seconds, flops."""


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
