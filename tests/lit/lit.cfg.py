"""lit's configuration: `%opt` is compiler.opt, FileCheck is the filecheck of PyPI. Run: `lit tests/lit` or pytest."""

import shutil
import sys
from pathlib import Path

import lit.formats

config.name = "meshwright"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["Inputs"]

root = Path(__file__).parents[2]
config.test_source_root = str(Path(__file__).parent)
config.test_exec_root = str(root / ".lit")

filecheck = shutil.which("filecheck", path=str(Path(sys.executable).parent)) or "filecheck"
config.environment["PYTHONPATH"] = str(root)
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
config.substitutions += [
    ("%opt", f"{sys.executable} -m compiler.opt"),
    ("%compiler", f"{sys.executable} -m compiler"),
    ("%filecheck", filecheck),
    ("FileCheck", filecheck),
]
