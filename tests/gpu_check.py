"""``make gpu-check``: what this machine's GPUs can show, check by check; prints what ran, with its figures, and what did not, and why.

Exit code 0 when all that ran is right, 1 when not, and 77 when there is no GPU (make takes that for no failure). The checks are
``tests/py/gpu``; one needs jaxlib's plugin and no GPU. With one GPU ranks share it where NCCL is 2.30 or newer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dialects.errors import MeshwrightError  # noqa: E402
from runtime.choose_platform import gpus_here  # noqa: E402
from runtime.devices.cuda import find_plugin  # noqa: E402

NOTHING_RUN = 77


class Report:
    """Prints a line a check, and its figures."""

    def __init__(self) -> None:
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            if report.when != "teardown" or report.outcome == "failed":
                self.counts[report.outcome] += 1
                self.say(report)

    def say(self, report: pytest.TestReport) -> None:
        name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        word = {"passed": "ran      ", "failed": "FAILED   ", "skipped": "not run  "}[report.outcome]
        why = f": {report.longrepr[2].removeprefix('Skipped: ')}" if isinstance(report.longrepr, tuple) else ""
        print(f"{word}{name}{why}")
        for key, value in report.user_properties:
            print(f"           {key}: {value}")
        if report.outcome == "failed":
            print(report.longreprtext)


def main() -> int:
    """Look for a plugin and a GPU, then run what can run."""
    try:
        find_plugin()
    except MeshwrightError as error:
        print(f"gpu-check: nothing was run: {error.message}; {error.remedy}")
        return NOTHING_RUN
    try:
        gpus = gpus_here()
        print(f"gpu-check: {len(gpus)} GPU{'s' * (len(gpus) != 1)}")
    except MeshwrightError as error:
        gpus = []
        print(f"gpu-check: no GPU: {error.message}; what needs none runs")
    report = Report()
    options = ["-o", "addopts=--strict-markers", "-m", "gpu", "-p", "no:terminal", str(ROOT / "tests/py/gpu")]
    pytest.main(options, plugins=[report])
    ran, failed, left = (report.counts[key] for key in ("passed", "failed", "skipped"))
    print(f"gpu-check: {ran} ran, {failed} failed, {left} not run")
    return 1 if failed or not ran else 0 if gpus else NOTHING_RUN


if __name__ == "__main__":
    sys.exit(main())
