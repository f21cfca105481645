// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4},choose-shardings' --split-input-file | FileCheck %s

// Attention by heads: q, k and v by columns, so each device has whole heads and their softmax, and one collective. Megatron-LM
// (arXiv:1909.08053, section 3) takes the output by rows and sums; a sum of f16 travels as f32, so gathering the heads is half the price.
// CHECK-LABEL: module @attention
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"x"}, {}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{}, {"x"}, {}]>
// CHECK-SAME:    "arg3", {{[^>]*}}@mesh, [{}, {"x"}, {}]>
// CHECK-SAME:    "arg4", {{[^>]*}}@mesh, [{}, {}, {"x"}]>
// CHECK-NOT:     sdy.reshard
// CHECK:         %[[H:.*]] = stablehlo.dot_general {{.*}}batching_dims = [0, 1] x [0, 2]{{.*}}[{}, {"x"}, {}, {}]
// CHECK-NEXT:    %[[A:.*]] = sdy.reshard %[[H]] <@mesh, [{}, {}, {}, {}]>
// CHECK-NEXT:    %[[Y:.*]] = stablehlo.dot_general %[[A]], %{{.*}}[{}, {}, {"x"}]
// CHECK-NEXT:    return %[[Y]]
module @attention {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x256x4096xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %wq: tensor<4096x32x128xf16> {mw.value = "arg1", mw.value_dim = -1 : i64},
      %wk: tensor<4096x32x128xf16> {mw.value = "arg2", mw.value_dim = -1 : i64}, %wv: tensor<4096x32x128xf16> {mw.value = "arg3", mw.value_dim = -1 : i64}, %wo: tensor<32x128x4096xf16> {mw.value = "arg4", mw.value_dim = -1 : i64})
      -> (tensor<1x256x4096xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0.0> : tensor<f16>
    %q = stablehlo.dot_general %x, %wq, contracting_dims = [2] x [0] : (tensor<1x256x4096xf16>, tensor<4096x32x128xf16>) -> tensor<1x256x32x128xf16>
    %k = stablehlo.dot_general %x, %wk, contracting_dims = [2] x [0] : (tensor<1x256x4096xf16>, tensor<4096x32x128xf16>) -> tensor<1x256x32x128xf16>
    %v = stablehlo.dot_general %x, %wv, contracting_dims = [2] x [0] : (tensor<1x256x4096xf16>, tensor<4096x32x128xf16>) -> tensor<1x256x32x128xf16>
    %s = stablehlo.dot_general %q, %k, batching_dims = [0, 2] x [0, 2], contracting_dims = [3] x [3] : (tensor<1x256x32x128xf16>, tensor<1x256x32x128xf16>) -> tensor<1x32x256x256xf16>
    %e = stablehlo.exponential %s : tensor<1x32x256x256xf16>
    %sum = stablehlo.reduce(%e init: %zero) applies stablehlo.add across dimensions = [3] : (tensor<1x32x256x256xf16>, tensor<f16>) -> tensor<1x32x256xf16>
    %all = stablehlo.broadcast_in_dim %sum, dims = [0, 1, 2] : (tensor<1x32x256xf16>) -> tensor<1x32x256x256xf16>
    %p = stablehlo.divide %e, %all : tensor<1x32x256x256xf16>
    %a = stablehlo.dot_general %p, %v, batching_dims = [0, 1] x [0, 2], contracting_dims = [3] x [1] : (tensor<1x32x256x256xf16>, tensor<1x256x32x128xf16>) -> tensor<1x32x256x128xf16>
    %y = stablehlo.dot_general %a, %wo, contracting_dims = [1, 3] x [0, 1] : (tensor<1x32x256x128xf16>, tensor<32x128x4096xf16>) -> tensor<1x256x4096xf16>
    return %y : tensor<1x256x4096xf16>
  }
}

// -----

// The same, where reshapes make heads and their features of columns and columns of these: heads are the major part, so both forms
// are split alike.
// CHECK-LABEL: module @merged_heads
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg3", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK-SAME:    "arg4", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK-NOT:     sdy.reshard
// CHECK:         stablehlo.reshape {{.*}}[{}, {}, {"x"}, {}]
// CHECK-NEXT:    stablehlo.dot_general {{.*}}[{}, {"x"}, {}, {}]
// CHECK-NEXT:    stablehlo.transpose {{.*}}[{}, {}, {"x"}, {}]
// CHECK-NEXT:    sdy.reshard
// CHECK-NEXT:    stablehlo.reshape {{.*}}[{}, {}, {}]
// CHECK-NEXT:    stablehlo.dot_general {{.*}}[{}, {}, {"x"}]
// CHECK-NEXT:    return
module @merged_heads {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x256x4096xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %p: tensor<1x32x256x256xf16> {mw.value = "v1", mw.value_dim = 0 : i64},
      %wv: tensor<4096x4096xf16> {mw.value = "arg3", mw.value_dim = -1 : i64}, %wo: tensor<4096x4096xf16> {mw.value = "arg4", mw.value_dim = -1 : i64})
      -> (tensor<1x256x4096xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %c = stablehlo.dot_general %x, %wv, contracting_dims = [2] x [0] : (tensor<1x256x4096xf16>, tensor<4096x4096xf16>) -> tensor<1x256x4096xf16>
    %v = stablehlo.reshape %c : (tensor<1x256x4096xf16>) -> tensor<1x256x32x128xf16>
    %a = stablehlo.dot_general %p, %v, batching_dims = [0, 1] x [0, 2], contracting_dims = [3] x [1] : (tensor<1x32x256x256xf16>, tensor<1x256x32x128xf16>) -> tensor<1x32x256x128xf16>
    %t = stablehlo.transpose %a, dims = [0, 2, 1, 3] : (tensor<1x32x256x128xf16>) -> tensor<1x256x32x128xf16>
    %m = stablehlo.reshape %t : (tensor<1x256x32x128xf16>) -> tensor<1x256x4096xf16>
    %y = stablehlo.dot_general %m, %wo, contracting_dims = [2] x [0] : (tensor<1x256x4096xf16>, tensor<4096x4096xf16>) -> tensor<1x256x4096xf16>
    return %y : tensor<1x256x4096xf16>
  }
}
