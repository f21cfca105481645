// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4},choose-shardings' --split-input-file | FileCheck %s

// Many rows, small weights: the rows are split and the weights are on every device. Data parallelism.
// CHECK-LABEL: module @rows
// CHECK:       sdy.mesh @mesh = <["x"=4]>
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {}]>
// CHECK-NOT:     sdy.reshard
module @rows {
  func.func @main() { return }
  func.func private @forward(%x: tensor<64x1024x512xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<512x2048xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<64x1024x2048xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [2] x [0] : (tensor<64x1024x512xf16>, tensor<512x2048xf16>) -> tensor<64x1024x2048xf16>
    return %h : tensor<64x1024x2048xf16>
  }
}

// -----

// Few tokens, a large weight: its columns are split, and each device makes its part of the features. Column parallelism.
// CHECK-LABEL: module @column_parallel
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{}, {}, {}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK-NEXT:    stablehlo.dot_general {{.*}}[{}, {}, {"x"}]
// CHECK-NEXT:    return
module @column_parallel {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x64x4096xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<4096x16384xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<1x64x16384xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [2] x [0] : (tensor<1x64x4096xf16>, tensor<4096x16384xf16>) -> tensor<1x64x16384xf16>
    return %h : tensor<1x64x16384xf16>
  }
}

// -----

// Long rows, a small product: the features that are summed are split on both sides, so that each device reads a quarter of both. The
// sum ends in a reduce-scatter, which leaves each device its rows. Row parallelism.
// CHECK-LABEL: module @row_parallel
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK-NEXT:    %[[Y:.*]] = stablehlo.dot_general {{.*}}[{}, {}], unreduced={"x"}
// CHECK-NEXT:    sdy.reshard %[[Y]] <@mesh, [{"x"}, {}]>
// CHECK-NEXT:    return
module @row_parallel {
  func.func @main() { return }
  func.func private @forward(%x: tensor<256x262144xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<262144x256xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<256x256xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<256x262144xf16>, tensor<262144x256xf16>) -> tensor<256x256xf16>
    return %y : tensor<256x256xf16>
  }
}

// -----

// Few tokens, large weights: columns, then rows, and one sum at the end, left split over the tokens.
// Megatron-LM's MLP with sequence parallelism (arXiv:1909.08053 section 3, arXiv:2205.05198).
// CHECK-LABEL: module @columns_then_rows
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK:         %[[H:.*]] = stablehlo.dot_general {{.*}}[{}, {}, {"x"}]
// CHECK-NEXT:    %[[A:.*]] = stablehlo.tanh %[[H]] {{.*}}[{}, {}, {"x"}]
// CHECK-NEXT:    %[[Y:.*]] = stablehlo.dot_general %[[A]], {{.*}}[{}, {}, {}], unreduced={"x"}
// CHECK-NEXT:    sdy.reshard %[[Y]] <@mesh, [{}, {"x"}, {}]>
// CHECK-NEXT:    return
module @columns_then_rows {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x64x4096xf16> {mw.value = "batch0", mw.value_dim = 0 : i64},
      %w1: tensor<4096x16384xf16> {mw.value = "arg1", mw.value_dim = -1 : i64}, %w2: tensor<16384x4096xf16> {mw.value = "arg2", mw.value_dim = -1 : i64})
      -> (tensor<1x64x4096xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %h = stablehlo.dot_general %x, %w1, contracting_dims = [2] x [0] : (tensor<1x64x4096xf16>, tensor<4096x16384xf16>) -> tensor<1x64x16384xf16>
    %a = stablehlo.tanh %h : tensor<1x64x16384xf16>
    %y = stablehlo.dot_general %a, %w2, contracting_dims = [2] x [0] : (tensor<1x64x16384xf16>, tensor<16384x4096xf16>) -> tensor<1x64x4096xf16>
    return %y : tensor<1x64x4096xf16>
  }
}

// -----

// A norm between two MLPs: the sum behind the rows ends in a reduce-scatter onto the tokens, each device normalises its own, and
// they are gathered in front of the next columns. Megatron-LM's sequence parallelism (arXiv:2205.05198, section 4.2.2).
// CHECK-LABEL: module @sequence_parallel
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{"x"}, {}]>
// CHECK-SAME:    "arg3", {{[^>]*}}@mesh, [{}, {"x"}]>
// CHECK:         %[[Y:.*]] = stablehlo.dot_general {{.*}}unreduced={"x"}
// CHECK-NEXT:    %[[T:.*]] = sdy.reshard %[[Y]] <@mesh, [{}, {"x"}, {}]>
// CHECK:         stablehlo.reduce(%[[T]] {{.*}}[{}, {"x"}]
// CHECK:         %[[N:.*]] = stablehlo.divide %[[T]], {{.*}}[{}, {"x"}, {}]
// CHECK-NEXT:    %[[A:.*]] = sdy.reshard %[[N]] <@mesh, [{}, {}, {}]>
// CHECK-NEXT:    stablehlo.dot_general %[[A]], {{.*}}[{}, {}, {"x"}]
// CHECK-NEXT:    return
module @sequence_parallel {
  func.func @main() { return }
  func.func private @forward(%x: tensor<1x256x4096xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w1: tensor<4096x16384xf16> {mw.value = "arg1", mw.value_dim = -1 : i64},
      %w2: tensor<16384x4096xf16> {mw.value = "arg2", mw.value_dim = -1 : i64}, %w3: tensor<4096x16384xf16> {mw.value = "arg3", mw.value_dim = -1 : i64})
      -> (tensor<1x256x16384xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0.0> : tensor<f16>
    %h = stablehlo.dot_general %x, %w1, contracting_dims = [2] x [0] : (tensor<1x256x4096xf16>, tensor<4096x16384xf16>) -> tensor<1x256x16384xf16>
    %a = stablehlo.tanh %h : tensor<1x256x16384xf16>
    %y = stablehlo.dot_general %a, %w2, contracting_dims = [2] x [0] : (tensor<1x256x16384xf16>, tensor<16384x4096xf16>) -> tensor<1x256x4096xf16>
    %sum = stablehlo.reduce(%y init: %zero) applies stablehlo.add across dimensions = [2] : (tensor<1x256x4096xf16>, tensor<f16>) -> tensor<1x256xf16>
    %all = stablehlo.broadcast_in_dim %sum, dims = [0, 1] : (tensor<1x256xf16>) -> tensor<1x256x4096xf16>
    %n = stablehlo.divide %y, %all : tensor<1x256x4096xf16>
    %z = stablehlo.dot_general %n, %w3, contracting_dims = [2] x [0] : (tensor<1x256x4096xf16>, tensor<4096x16384xf16>) -> tensor<1x256x16384xf16>
    return %z : tensor<1x256x16384xf16>
  }
}

// -----

// A gradient is summed over microbatches where it is made, on every device its own part, and over devices once, in the update:
// a reduce-scatter, since each device updates its part of the weights; then the new weights are gathered. ZeRO's first stage.
// CHECK-LABEL: module @gradient
// CHECK:       func.func private @backward(%{{.*}}: tensor<1024x1024xf32> {mw.value = "acc0"{{.*}}, unreduced={"x"}>}
// CHECK:         stablehlo.dot_general {{.*}}, unreduced={"x"}
// CHECK-NEXT:    stablehlo.add {{.*}}, unreduced={"x"}
// CHECK-NEXT:    return
// CHECK:       func.func private @update
// CHECK:         %[[G:.*]] = sdy.reshard %arg0 <@mesh, [{"x"}, {}]>
// CHECK:         stablehlo.subtract %{{.*}}, %[[G]] {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{"x"}, {}]>]>}
// CHECK-NEXT:    sdy.reshard {{.*}} <@mesh, [{}, {}]>
module @gradient attributes {mw.microbatches = 8 : i64} {
  func.func @main(%w: tensor<1024x1024xf32> {mw.value = "arg0", mw.state_result = 0 : i64}) -> (tensor<1024x1024xf32> {mw.value = "v9"}) {
    return %w : tensor<1024x1024xf32>
  }
  func.func private @setup() -> (tensor<1024x1024xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}) attributes {mw.phase = "setup", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0.0> : tensor<1024x1024xf32>
    return %zero : tensor<1024x1024xf32>
  }
  func.func private @backward(%acc: tensor<1024x1024xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}, %w: tensor<1024x1024xf32> {mw.value = "arg0", mw.value_dim = -1 : i64},
      %x: tensor<16384x1024xf32> {mw.value = "batch1", mw.value_dim = 0 : i64}) -> (tensor<1024x1024xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}) attributes {mw.phase = "backward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<16384x1024xf32>, tensor<1024x1024xf32>) -> tensor<16384x1024xf32>
    %z = stablehlo.dot_general %y, %w, contracting_dims = [1] x [0] : (tensor<16384x1024xf32>, tensor<1024x1024xf32>) -> tensor<16384x1024xf32>
    %g = stablehlo.dot_general %x, %z, contracting_dims = [0] x [0] : (tensor<16384x1024xf32>, tensor<16384x1024xf32>) -> tensor<1024x1024xf32>
    %sum = stablehlo.add %acc, %g : tensor<1024x1024xf32>
    return %sum : tensor<1024x1024xf32>
  }
  func.func private @update(%acc: tensor<1024x1024xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}, %w: tensor<1024x1024xf32> {mw.value = "arg0", mw.value_dim = -1 : i64})
      -> (tensor<1024x1024xf32> {mw.value = "v9", mw.value_dim = -1 : i64}) attributes {mw.phase = "update", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %new = stablehlo.subtract %w, %acc : tensor<1024x1024xf32>
    return %new : tensor<1024x1024xf32>
  }
}

// -----

// A sum over rows ends in one all-reduce; a maximum is finished where it is made, since only sums may stay open.
// CHECK-LABEL: module @reductions
// CHECK:         stablehlo.reduce{{.*}}maximum{{.*}}mw.kind = "max"{{.*}}unreduced={"x"}
// CHECK-NEXT:    sdy.reshard {{.*}} <@mesh, []>{{.*}}mw.kind = "max"
module @reductions {
  func.func @main() { return }
  func.func private @forward(%x: tensor<16777216xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}) -> (tensor<f32> {mw.value = "v0", mw.value_dim = -1 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %m = stablehlo.reduce(%x init: %low) applies stablehlo.maximum across dimensions = [0] : (tensor<16777216xf32>, tensor<f32>) -> tensor<f32>
    return %m : tensor<f32>
  }
}

// -----

// A call without results is priced by what it reads: there is no element type to look a rate up for.
// CHECK-LABEL: module @call_without_results
// CHECK:         stablehlo.custom_call @watch
module @call_without_results {
  func.func @main() { return }
  func.func private @forward(%x: tensor<4096xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}) -> (tensor<4096xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %0 = stablehlo.tanh %x : tensor<4096xf32>
    stablehlo.custom_call @watch(%0) {has_side_effect = true} : (tensor<4096xf32>) -> ()
    stablehlo.custom_call @watch(%x) {has_side_effect = true} : (tensor<4096xf32>) -> ()
    return %0 : tensor<4096xf32>
  }
}
