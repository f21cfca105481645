"""Meshwright's front door: the command ``meshwright``. Importing it loads nothing else."""

__version__ = "0.1.0"  # the one place: pyproject.toml reads it from here
