// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4},choose-shardings' | FileCheck %s --check-prefix=ONE
// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4 memory=165MB},choose-shardings' | FileCheck %s --check-prefix=TWO
// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4 memory=150MB},choose-shardings' | FileCheck %s --check-prefix=THREE

// ZeRO's stages (arXiv:1910.02054, section 5) in one program, a weight and its momentum over two microbatches; only the memory of a
// device differs. 17 MB each: the weight arg0, the momentum arg1, the sum of gradients acc0.

// Room for everything. Stage 1, by the costs alone: the momentum is split, for a reduce-scatter and an all-gather cost what
// an all-reduce does and the update is a quarter. Gradients stay open sums until the update.
// ONE:       func.func private @backward
// ONE-SAME:    "acc0", {{[^>]*}}@mesh, [{}, {}], unreduced={"x"}>
// ONE-SAME:    "arg0", {{[^>]*}}@mesh, [{}, {}]>
// ONE-SAME:    "batch2", {{[^>]*}}@mesh, [{"x"}, {}]>
// ONE-NOT:     sdy.reshard
// ONE:       func.func private @update
// ONE-SAME:    "arg1", {{[^>]*}}@mesh, [{{[^>]*}}{"x"}{{[^>]*}}]>
// ONE:         sdy.reshard %arg0
// ONE:         stablehlo.subtract
// ONE-NEXT:    sdy.reshard {{.*}} <@mesh, [{}, {}]>

// 165 MB, 7 less than that takes. Stage 2: the sum of gradients is split too, and each microbatch ends with a reduce-scatter.
// TWO:       func.func private @backward
// TWO-SAME:    "acc0", {{[^>]*}}@mesh, [{{[^>]*}}{"x"}{{[^>]*}}]>
// TWO-SAME:    "arg0", {{[^>]*}}@mesh, [{}, {}]>
// TWO-SAME:    "batch2", {{[^>]*}}@mesh, [{"x"}, {}]>
// TWO:         %[[G:.*]] = stablehlo.dot_general {{.*}}unreduced={"x"}
// TWO-NEXT:    sdy.reshard %[[G]] <@mesh, [{{[^>]*}}{"x"}{{[^>]*}}]>
// TWO-NEXT:    stablehlo.add
// TWO:       func.func private @update
// TWO:         stablehlo.subtract
// TWO-NEXT:    sdy.reshard {{.*}} <@mesh, [{}, {}]>

// 150 MB. Stage 3: the weight is split too, and gathered where the microbatch reads it.
// THREE:       func.func private @backward
// THREE-SAME:    "arg0", {{[^>]*}}@mesh, [{{[^>]*}}{"x"}{{[^>]*}}]>
// THREE-SAME:    "batch2", {{[^>]*}}@mesh, [{"x"}, {}]>
// THREE:         %[[W:.*]] = sdy.reshard %arg1 <@mesh, [{}, {}]>
// THREE-NEXT:    stablehlo.dot_general {{.*}}, %[[W]],
// THREE:         %[[G:.*]] = stablehlo.dot_general {{.*}}unreduced={"x"}
// THREE-NEXT:    sdy.reshard %[[G]]
// THREE-NEXT:    stablehlo.add
// THREE:       func.func private @update
// THREE-NOT:     sdy.reshard
module @zero attributes {mw.microbatches = 2 : i64} {
  func.func @main(%w: tensor<2048x2048xf32> {mw.value = "arg0", mw.state_result = 0 : i64}, %m: tensor<2048x2048xf32> {mw.value = "arg1", mw.state_result = 1 : i64})
      -> (tensor<2048x2048xf32> {mw.value = "v8"}, tensor<2048x2048xf32> {mw.value = "v9"}) {
    return %w, %m : tensor<2048x2048xf32>, tensor<2048x2048xf32>
  }
  func.func private @setup() -> (tensor<2048x2048xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}) attributes {mw.phase = "setup", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0.0> : tensor<2048x2048xf32>
    return %zero : tensor<2048x2048xf32>
  }
  func.func private @backward(%acc: tensor<2048x2048xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}, %w: tensor<2048x2048xf32> {mw.value = "arg0", mw.value_dim = -1 : i64},
      %x: tensor<16384x2048xf32> {mw.value = "batch2", mw.value_dim = 0 : i64}) -> (tensor<2048x2048xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}) attributes {mw.phase = "backward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<16384x2048xf32>, tensor<2048x2048xf32>) -> tensor<16384x2048xf32>
    %z = stablehlo.dot_general %y, %w, contracting_dims = [1] x [1] : (tensor<16384x2048xf32>, tensor<2048x2048xf32>) -> tensor<16384x2048xf32>
    %g = stablehlo.dot_general %x, %z, contracting_dims = [0] x [0] : (tensor<16384x2048xf32>, tensor<16384x2048xf32>) -> tensor<2048x2048xf32>
    %sum = stablehlo.add %acc, %g : tensor<2048x2048xf32>
    return %sum : tensor<2048x2048xf32>
  }
  func.func private @update(%acc: tensor<2048x2048xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}, %w: tensor<2048x2048xf32> {mw.value = "arg0", mw.value_dim = -1 : i64}, %m: tensor<2048x2048xf32> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<2048x2048xf32> {mw.value = "v8", mw.value_dim = -1 : i64}, tensor<2048x2048xf32> {mw.value = "v9", mw.value_dim = -1 : i64}) attributes {mw.phase = "update", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %m2 = stablehlo.add %m, %acc : tensor<2048x2048xf32>
    %w2 = stablehlo.subtract %w, %m2 : tensor<2048x2048xf32>
    return %w2, %m2 : tensor<2048x2048xf32>, tensor<2048x2048xf32>
  }
}
