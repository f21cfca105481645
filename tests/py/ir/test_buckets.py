"""Collectives in buckets: random tensors, shardings, types and limits give what they give one by one, and every member is counted."""

import os
import zlib
from collections import Counter
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jaxlib.mlir import ir
from partition_annotate import Annotator
from partition_run import added, devices, run_partitioned
from simulate import assert_same, make_arguments, whole
from test_partition_ops import MESHES, annotated, compiled, partitioned, unreduced

from dialects.context import make_context
