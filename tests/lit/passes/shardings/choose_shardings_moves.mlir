// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4},choose-shardings' --split-input-file | FileCheck %s

// A reshape that merges the batch with the tokens, and one that takes them apart: both are split as the batch is.
// CHECK-LABEL: module @merged_rows
// CHECK-NOT:     sdy.reshard
// CHECK:         stablehlo.reshape {{.*}}[{"x"}, {}]
// CHECK-NEXT:    stablehlo.dot_general {{.*}}[{"x"}, {}]
// CHECK-NEXT:    stablehlo.reshape {{.*}}[{"x"}, {}, {}]
// CHECK-NEXT:    return
module @merged_rows {
  func.func @main() { return }
  func.func private @forward(%x: tensor<64x512x1024xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<1024x128xf16> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<64x512x128xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %m = stablehlo.reshape %x : (tensor<64x512x1024xf16>) -> tensor<32768x1024xf16>
    %h = stablehlo.dot_general %m, %w, contracting_dims = [1] x [0] : (tensor<32768x1024xf16>, tensor<1024x128xf16>) -> tensor<32768x128xf16>
    %y = stablehlo.reshape %h : (tensor<32768x128xf16>) -> tensor<64x512x128xf16>
    return %y : tensor<64x512x128xf16>
  }
}

// -----

// Two sums over a split dim stay open: through a transpose, which moves data only, and an addition, which is linear. One
// reduction is enough for both, in front of the tanh. Partial sums as in GSPMD (arXiv:2105.04663, section 3.1).
// CHECK-LABEL: module @open_sums
// CHECK-NOT:     sdy.reshard
// CHECK-DAG:     %[[A:.*]] = stablehlo.dot_general %arg0, {{.*}}unreduced={"x"}
// CHECK-DAG:     %[[B:.*]] = stablehlo.dot_general %arg2, {{.*}}unreduced={"x"}
// CHECK-DAG:     %[[T:.*]] = stablehlo.transpose %[[A]], {{.*}}unreduced={"x"}
// CHECK:         %[[C:.*]] = stablehlo.add %[[T]], %[[B]] {{.*}}unreduced={"x"}
// CHECK-NEXT:    %[[R:.*]] = sdy.reshard %[[C]] <@mesh, [{{.*}}]>
// CHECK-NEXT:    stablehlo.tanh %[[R]]
// CHECK-NEXT:    return
module @open_sums {
  func.func @main() { return }
  func.func private @forward(%x: tensor<256x65536xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %w: tensor<65536x256xf16> {mw.value = "arg1", mw.value_dim = -1 : i64},
      %z: tensor<256x65536xf16> {mw.value = "batch2", mw.value_dim = 0 : i64}, %u: tensor<65536x256xf16> {mw.value = "arg3", mw.value_dim = -1 : i64})
      -> (tensor<256x256xf16> {mw.value = "v0", mw.value_dim = 1 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %a = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<256x65536xf16>, tensor<65536x256xf16>) -> tensor<256x256xf16>
    %b = stablehlo.dot_general %z, %u, contracting_dims = [1] x [0] : (tensor<256x65536xf16>, tensor<65536x256xf16>) -> tensor<256x256xf16>
    %t = stablehlo.transpose %a, dims = [1, 0] : (tensor<256x256xf16>) -> tensor<256x256xf16>
    %c = stablehlo.add %t, %b : tensor<256x256xf16>
    %y = stablehlo.tanh %c : tensor<256x256xf16>
    return %y : tensor<256x256xf16>
  }
}

// -----

// Rows that are sorted are split by rows, never along what is compared.
// CHECK-LABEL: module @sorted_rows
// CHECK-NOT:     sdy.reshard
// CHECK:         "stablehlo.sort"
// CHECK:         }) {{.*}}[{"x"}, {}]
// CHECK-NEXT:    return
module @sorted_rows {
  func.func @main() { return }
  func.func private @forward(%x: tensor<65536x1024xf32> {mw.value = "batch0", mw.value_dim = 0 : i64})
      -> (tensor<65536x1024xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %s = "stablehlo.sort"(%x) <{dimension = 1 : i64, is_stable = true}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %less = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %less : tensor<i1>
    }) : (tensor<65536x1024xf32>) -> tensor<65536x1024xf32>
    return %s : tensor<65536x1024xf32>
  }
}

// -----

// Random bits are the same however many devices there are: each makes them all, and takes its rows without asking.
// CHECK-LABEL: module @dropout
// CHECK:         %{{.*}}, %[[B:.*]] = stablehlo.rng_bit_generator {{.*}}<@mesh, [{}]>, <@mesh, [{}, {}]>
// CHECK-NEXT:    %[[R:.*]] = sdy.reshard %[[B]] <@mesh, [{"x"}, {}]>
// CHECK:         stablehlo.select {{.*}}[{"x"}, {}]
// CHECK-NEXT:    return
module @dropout {
  func.func @main() { return }
  func.func private @forward(%x: tensor<65536x1024xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}, %key: tensor<2xui64> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<65536x1024xf32> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %k, %bits = stablehlo.rng_bit_generator %key, algorithm = THREE_FRY : (tensor<2xui64>) -> (tensor<2xui64>, tensor<65536x1024xui32>)
    %half = stablehlo.constant dense<2147483648> : tensor<65536x1024xui32>
    %zero = stablehlo.constant dense<0.0> : tensor<65536x1024xf32>
    %keep = stablehlo.compare LT, %bits, %half : (tensor<65536x1024xui32>, tensor<65536x1024xui32>) -> tensor<65536x1024xi1>
    %y = stablehlo.select %keep, %x, %zero : tensor<65536x1024xi1>, tensor<65536x1024xf32>
    return %y : tensor<65536x1024xf32>
  }
}
