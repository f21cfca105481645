// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=2x4}' | FileCheck %s
// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=2x8 memory=1GB}' | FileCheck %s --check-prefix=HOSTS
// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=3 number=0},use-machine{machine=v100-p3.16xlarge mesh=4 number=1 first-device=6}' | FileCheck %s --check-prefix=TWO

// The mesh, and on it one number an axis for each property of its links.
// CHECK-LABEL: module @inside_a_host {
// CHECK-NEXT:  sdy.mesh @mesh = <["x"=2, "y"=4]>
// CHECK-SAME:  mw.machine = {bandwidth_bytes_per_s = array<f64: 3.000000e+11, 3.000000e+11>
// CHECK-SAME:  flops_per_s = {{{.*}}bf16 = 3.120000e+14 : f64
// CHECK-SAME:  latency_s = array<f64: {{[0-9.e-]+}}, {{[0-9.e-]+}}>
// CHECK-SAME:  name = "a100-dgx"

// The slow axis is shared by 8 groups; the memory is as said.
// HOSTS-LABEL: module @inside_a_host
// HOSTS-NEXT:  sdy.mesh @mesh = <["x"=2, "y"=8]>
// HOSTS-SAME:  bandwidth_bytes_per_s = array<f64: 3.906250e+08, 1.500000e+11>
// HOSTS-SAME:  memory_bytes = 1.000000e+09 : f64

// A second mesh, of devices 6 to 9, has two in each host.
// TWO-LABEL: module @inside_a_host
// TWO-NEXT:  sdy.mesh @mesh1 = <["x"=4]> {mw.machine = {bandwidth_bytes_per_s = array<f64: 3.125000e+09>
// TWO-NEXT:  sdy.mesh @mesh0 = <["x"=3]> {mw.machine = {bandwidth_bytes_per_s = array<f64: 1.500000e+11>
module @inside_a_host {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
