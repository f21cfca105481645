// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4},choose-shardings' --split-input-file | FileCheck %s

// A recurrent layer over 16 steps: the batch is split in the carry, in the body and in the sequence that it reads, and nothing is
// moved in an iteration. GSPMD (arXiv:2105.04663, section 3.4) wants the same: one sharding for a carry, inside and outside.
// CHECK-LABEL: module @scan
// CHECK:       func.func private @forward
// CHECK-SAME:    "v1", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{}, {"x"}, {}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}]>
// CHECK-NOT:     sdy.reshard
// CHECK:         stablehlo.while{{.*}}<@mesh, []>, <@mesh, [{"x"}, {}]>
// CHECK:         } do {
// CHECK:         stablehlo.dynamic_slice {{.*}}[{}, {"x"}, {}]
// CHECK-NOT:     sdy.reshard
// CHECK:         stablehlo.dot_general {{.*}}[{"x"}, {}]
// CHECK-NOT:     sdy.reshard
// CHECK:         return {{.*}}4096x1024
module @scan {
  func.func @main() { return }
  func.func private @forward(%h: tensor<4096x1024xf16> {mw.value = "v1", mw.value_dim = 0 : i64}, %xs: tensor<16x4096x1024xf16> {mw.value = "batch0", mw.value_dim = 1 : i64}, %w: tensor<1024x1024xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<4096x1024xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %sixteen = stablehlo.constant dense<16> : tensor<i32>
    %r:2 = stablehlo.while(%i = %zero, %carry = %h) : tensor<i32>, tensor<4096x1024xf16>
    cond {
      %more = stablehlo.compare LT, %i, %sixteen, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %more : tensor<i1>
    } do {
      %row = stablehlo.dynamic_slice %xs, %i, %zero, %zero, sizes = [1, 4096, 1024] : (tensor<16x4096x1024xf16>, tensor<i32>, tensor<i32>, tensor<i32>) -> tensor<1x4096x1024xf16>
      %x = stablehlo.reshape %row : (tensor<1x4096x1024xf16>) -> tensor<4096x1024xf16>
      %d = stablehlo.dot_general %carry, %w, contracting_dims = [1] x [0] : (tensor<4096x1024xf16>, tensor<1024x1024xf16>) -> tensor<4096x1024xf16>
      %s = stablehlo.add %d, %x : tensor<4096x1024xf16>
      %n = stablehlo.tanh %s : tensor<4096x1024xf16>
      %next = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %next, %n : tensor<i32>, tensor<4096x1024xf16>
    }
    return %r#1 : tensor<4096x1024xf16>
  }
}

// -----

// What stands behind a barrier (jax.checkpoint puts a layer's input and weights there) is split, each tensor in its own way.
// CHECK-LABEL: module @barrier
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK-NOT:     sdy.reshard
// CHECK:         stablehlo.optimization_barrier {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>, <@mesh, [{}, {}]>]>}
// CHECK-NOT:     sdy.reshard
// CHECK:         return
module @barrier {
  func.func @main() { return }
  func.func private @forward(%x: tensor<65536x512xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<512x512xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<65536x512xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %b:2 = stablehlo.optimization_barrier %x, %w : tensor<65536x512xf16>, tensor<512x512xf16>
    %h = stablehlo.dot_general %b#0, %b#1, contracting_dims = [1] x [0] : (tensor<65536x512xf16>, tensor<512x512xf16>) -> tensor<65536x512xf16>
    return %h : tensor<65536x512xf16>
  }
}
