// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=2x2 memory=48MB},choose-shardings' --split-input-file | FileCheck %s

// 67 MB of weights on devices of 48 MB: half of each weight is all that fits, so columns and rows are split over one axis of the
// mesh and the tokens over the other. Data and tensor parallelism; four parts of the weights would mean twice the bytes to reduce.
// Megatron-LM on clusters (arXiv:2104.04473, section 3).
// CHECK-LABEL: module @hybrid
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{"[[DATA:[xy]]]"}, {}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"[[TENSOR:[xy]]]"}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{"[[TENSOR]]"}, {}]>
// CHECK:         stablehlo.dot_general {{.*}}[{"[[DATA]]"}, {"[[TENSOR]]"}]
// CHECK-NEXT:    stablehlo.tanh
// CHECK-NEXT:    %[[Y:.*]] = stablehlo.dot_general {{.*}}[{"[[DATA]]"}, {}], unreduced={"[[TENSOR]]"}
// The sum is left in parts, along rows or columns: both cost the same.
// CHECK-NEXT:    sdy.reshard %[[Y]] <@mesh, [{{.*}}"[[TENSOR]]"{{.*}}]>
// CHECK-NEXT:    return
module @hybrid {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1024x2048xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w1: tensor<2048x8192xf16> {mw.value = "arg1", mw.value_dim = -1 : i64}, %w2: tensor<8192x2048xf16> {mw.value = "arg2", mw.value_dim = -1 : i64})
      -> (tensor<1024x2048xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w1, contracting_dims = [1] x [0] : (tensor<1024x2048xf16>, tensor<2048x8192xf16>) -> tensor<1024x8192xf16>
    %a = stablehlo.tanh %h : tensor<1024x8192xf16>
    %y = stablehlo.dot_general %a, %w2, contracting_dims = [1] x [0] : (tensor<1024x8192xf16>, tensor<8192x2048xf16>) -> tensor<1024x2048xf16>
    return %y : tensor<1024x2048xf16>
  }
}
