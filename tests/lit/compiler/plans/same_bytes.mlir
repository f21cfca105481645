// RUN: env PYTHONHASHSEED=1 %compiler plan %S/../../../modules/jax_mlp.mlirbc -o %t/one --hosts 1 --devices-per-host 4 --stages 1 --microbatches 2 --memory-per-device 450KB | FileCheck %s
// RUN: env PYTHONHASHSEED=2 %compiler plan %S/../../../modules/jax_mlp.mlirbc -o %t/two --hosts 1 --devices-per-host 4 --stages 1 --microbatches 2 --memory-per-device 450KB | FileCheck %s
// RUN: diff -r %t/one %t/two

// One input, one plan: two processes, whose sets have different orders, write the same bytes into every file. The memory limit makes
// the solver branch and bound, which nothing else in this small model would.
// CHECK: chosen by ilp: {{.*}}, by branch and bound
