"""Programs of plans compiled for GPUs of which none has to be there: XLA is told what they are like. The plugin and ptxas do it."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import which

import pytest
from conftest import ROOT, ran

COMPILE = """
import sys
from pathlib import Path
from jaxlib import _jax, xla_client
from jaxlib.mlir import ir
from dialects.context import make_context
from runtime.devices import jaxlib_api, jaxlib_gpu_api
from runtime.devices.cuda import Cuda

H200 = '''gpu_device_info {
  threads_per_block_limit: 1024 threads_per_warp: 32 shared_memory_per_block: 49152 shared_memory_per_core: 233472
  threads_per_core_limit: 2048 core_count: 132 fpus_per_core: 128 block_dim_limit_x: 2147483647 block_dim_limit_y: 65535
  block_dim_limit_z: 65535 memory_bandwidth: 4800000000000 l2_cache_size: 62914560 clock_rate_ghz: 1.98
  device_memory_size: 150000000000 shared_memory_per_block_optin: 232448 cuda_compute_capability { major: 9 minor: 0 }
  registers_per_core_limit: 65536 registers_per_block_limit: 65536
}
platform_name: "CUDA" dnn_version_info { major: 9 minor: 12 } runtime_version { major: 13 } device_description_str: "NVIDIA H200"'''

plugin, folder = sys.argv[1], Path(sys.argv[2])
jaxlib_api.without_jax()
api = xla_client.load_pjrt_plugin_dynamically("cuda", plugin)
xla_client.initialize_pjrt_plugin("cuda")
platform = Cuda(plugin, 0)
devices = _jax.get_c_api_topology(api, "two", {"target_config": H200, "topology": "1x2x1"})._make_compile_only_devices()
for path in sorted((folder / "stages").iterdir()):
    with make_context():
        module = ir.Module.parse(path.read_text())
        platform.prepare(module, joined=True)
        overrides = [*platform.overrides, ("xla_gpu_autotune_level", "0")]  # which would want a GPU
        options = jaxlib_api._options(devices, overrides)
        made = devices[0].client.compile(module, jaxlib_api.device_list(devices), options)
    text = made.hlo_modules()[0].to_string()
    if " = f32" in text and ("dot(" in text or "__cublas$gemm" in text):
        assert "highest" in text, path
    print(path.stem, *(kind for kind in ("all-reduce", "all-gather", "reduce-scatter", "all-to-all") if f"{kind}(" in text or f"{kind}-start(" in text))
"""


def test_programs_of_a_plan_compile_for_two_h200(
    plugin: str, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    if which("ptxas") is None and not list(Path(plugin).parents[2].glob("nvidia/*/bin/ptxas")):
        pytest.skip("there is no ptxas")
    plan = [sys.executable, "-m", "compiler", "plan", ROOT / "tests/modules/gpt_small.mlirbc", "-o", tmp_path / "plan"]
    ran([*plan, "--hosts", 2, "--devices-per-host", 2, "--stages", 2, "--intra", "zero3"])
    lines = ran([sys.executable, "-c", COMPILE, plugin, tmp_path / "plan"]).splitlines()
    assert len(lines) == len(list((tmp_path / "plan/stages").iterdir()))
    kinds = sorted({word for line in lines for word in line.split()[1:]})
    assert "all-gather" in kinds
    record_property("zero3", f"{len(lines)} programs; collectives: {' '.join(kinds)}")
