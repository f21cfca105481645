// RUN: not %compiler plan %s -o %t --hosts 1 --devices-per-host 4 --mesh 2x2 --annotate 'arg0=[{"model"}, {}]' 2>&1 | FileCheck %s --check-prefix=AXIS
// RUN: not %compiler plan %s -o %t --hosts 1 --devices-per-host 4 --mesh 2x2 --annotate 'arg0=[{"x"}, {}]' --annotate 'result0=[{}, {"x"}]' 2>&1 | FileCheck %s --check-prefix=CONTRADICTION
// RUN: not %compiler plan %s -o %t --hosts 1 --devices-per-host 4 --mesh 2x2 --memory-per-device 500B 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not %compiler plan %s -o %t --hosts 2 --devices-per-host 2 --stages 1 --machine %S/Inputs/one_host.toml 2>&1 | FileCheck %s --check-prefix=LINK

// The mistakes that a user of shardings makes: one sentence each, with the remedy. (That the exit code is 2: tests/py/ir.)
// AXIS:          error: argument 0{{.*}}: got [{"model"}, {}], and the mesh has no axis 'model'; use its axes 'x' of 2 and 'y' of 2
// CONTRADICTION: error: {{.*}}which it shares its buffer with{{.*}}; keep one of them
// MEMORY:        error: no choice of shardings fits: the smallest plan found needs {{.*}} per device, {{.*}} and a device has 500 B: {{.*}}; tried 1 microbatch ({{.*}}), 8 ({{.*}}); use more stages
// LINK:          error: machine 'one-host' has 2 hosts and no link [inter_host]; add a table [inter_host] with latency_s and bandwidth_bytes_per_s
func.func @main(%w: tensor<8x32xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<8x8xf32>) -> (tensor<8x32xf32>, tensor<f32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<8x8xf32>, tensor<8x32xf32>) -> tensor<8x32xf32>
  %loss = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x32xf32>, tensor<f32>) -> tensor<f32>
  %g = stablehlo.dot_general %x, %h, contracting_dims = [0] x [0] : (tensor<8x8xf32>, tensor<8x32xf32>) -> tensor<8x32xf32>
  %new = stablehlo.subtract %w, %g : tensor<8x32xf32>
  return %new, %loss : tensor<8x32xf32>, tensor<f32>
}
