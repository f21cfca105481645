"""lit's configuration: `%opt` is compiler.opt, FileCheck is the filecheck of PyPI. Run: `lit tests/lit` or pytest."""

import shutil
import sys
from pathlib import Path

import lit.formats

config.name = "meshwright"  # noqa: F821
config.test_format = lit.formats.ShTest(execute_external=False)  # noqa: F821
config.suffixes = [".mlir"]  # noqa: F821
config.excludes = ["Inputs"]  # noqa: F821

root = Path(__file__).parents[2]
config.test_source_root = str(Path(__file__).parent)  # noqa: F821
config.test_exec_root = str(root / ".lit")  # noqa: F821

filecheck = shutil.which("filecheck", path=str(Path(sys.executable).parent)) or "filecheck"
config.environment["PYTHONPATH"] = str(root)  # noqa: F821
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"  # noqa: F821
config.substitutions += [  # noqa: F821
    ("%opt", f"{sys.executable} -m compiler.opt"),
    ("%compiler", f"{sys.executable} -m compiler"),
    ("%filecheck", filecheck),
    ("FileCheck", filecheck),
]
