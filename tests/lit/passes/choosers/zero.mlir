// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=4},choose-shardings{intra=data}' | FileCheck %s --check-prefix=DATA
// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=4},choose-shardings{intra=zero1}' | FileCheck %s --check-prefix=ONE
// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=4},choose-shardings{intra=zero2}' | FileCheck %s --check-prefix=TWO
// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=4},choose-shardings{intra=zero3}' | FileCheck %s --check-prefix=THREE

// One weight with momentum, trained on rows. arg0: the weight, arg1: its momentum, acc0: the gradient over microbatches.

// All state everywhere; each device sums its own gradient over the microbatches, and they are added once, in the update.
// DATA:      func.func private @backward(%{{.*}}: tensor<64x64xf32> {mw.value = "acc0", {{[^>]*}}@mesh, [{}, {}], unreduced={"x"}>
// DATA-SAME:   "arg0", {{[^>]*}}@mesh, [{}, {}]>
// DATA-SAME:   "batch2", {{[^>]*}}@mesh, [{"x"}, {}]>
// DATA:      func.func private @update
// DATA-SAME:   "arg0", {{[^>]*}}@mesh, [{}, {}]>
// DATA-SAME:   "arg1", {{[^>]*}}@mesh, [{}, {}]>
// DATA:        sdy.reshard %arg0 <@mesh, [{}, {}]>

// The momentum is in parts: so is the update, and the new weight is gathered.
// ONE:       func.func private @update
// ONE-SAME:    "arg0", {{[^>]*}}@mesh, [{}, {}]>
// ONE-SAME:    "arg1", {{[^>]*}}@mesh, [{"x"}, {}]>
// ONE:         sdy.reshard %arg0 <@mesh, [{"x"}, {}]>
// ONE:         sdy.reshard {{.*}} <@mesh, [{}, {}]>
// ONE-NEXT:    return

// The gradient too: every microbatch ends in a reduce-scatter.
// TWO:       func.func private @backward(%{{.*}}: tensor<64x64xf32> {mw.value = "acc0", {{[^>]*}}@mesh, [{"x"}, {}]>
// TWO-SAME:    "arg0", {{[^>]*}}@mesh, [{}, {}]>
// TWO:         %[[G:.*]] = stablehlo.dot_general {{.*}}unreduced={"x"}
// TWO-NEXT:    sdy.reshard %[[G]] <@mesh, [{"x"}, {}]>
// TWO:       func.func private @update

// The weight too: it is gathered where the backward reads it, and the update needs no communication.
// THREE:     func.func private @backward
// THREE-SAME:  "arg0", {{[^>]*}}@mesh, [{"x"}, {}]>
// THREE:       sdy.reshard %arg1 <@mesh, [{}, {}]>
// THREE:     func.func private @update
// THREE-SAME:  "arg0", {{[^>]*}}@mesh, [{"x"}, {}]>
// THREE-SAME:  "arg1", {{[^>]*}}@mesh, [{"x"}, {}]>
// THREE-NOT:   sdy.reshard
module @weight_with_momentum attributes {mw.microbatches = 8 : i64} {
  func.func @main(%w: tensor<64x64xf32> {mw.value = "arg0", mw.role = "parameter", mw.state_result = 0 : i64}, %m: tensor<64x64xf32> {mw.value = "arg1", mw.role = "optimizer", mw.state_result = 1 : i64},
      %x: tensor<64x64xf32> {mw.value = "batch2", mw.role = "batch"}) -> (tensor<64x64xf32> {mw.value = "v8"}, tensor<64x64xf32> {mw.value = "v9"}) {
    return %w, %m : tensor<64x64xf32>, tensor<64x64xf32>
  }
  func.func private @setup() -> (tensor<64x64xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}) attributes {mw.phase = "setup", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %zero = stablehlo.constant dense<0.0> : tensor<64x64xf32>
    return %zero : tensor<64x64xf32>
  }
  func.func private @backward(%acc: tensor<64x64xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}, %w: tensor<64x64xf32> {mw.value = "arg0", mw.value_dim = -1 : i64},
      %x: tensor<64x64xf32> {mw.value = "batch2", mw.value_dim = 0 : i64}) -> (tensor<64x64xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}) attributes {mw.phase = "backward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %y = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] {mw.batch_dim = array<i64: 0>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %g = stablehlo.dot_general %x, %y, contracting_dims = [0] x [0] {mw.batch_dim = array<i64: -1>} : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
    %sum = stablehlo.add %acc, %g : tensor<64x64xf32>
    return %sum : tensor<64x64xf32>
  }
  func.func private @update(%acc: tensor<64x64xf32> {mw.value = "acc0", mw.value_dim = -1 : i64}, %w: tensor<64x64xf32> {mw.value = "arg0", mw.value_dim = -1 : i64}, %m: tensor<64x64xf32> {mw.value = "arg1", mw.value_dim = -1 : i64})
      -> (tensor<64x64xf32> {mw.value = "v8", mw.value_dim = -1 : i64}, tensor<64x64xf32> {mw.value = "v9", mw.value_dim = -1 : i64}) attributes {mw.phase = "update", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %m2 = stablehlo.add %m, %acc : tensor<64x64xf32>
    %w2 = stablehlo.subtract %w, %m2 : tensor<64x64xf32>
    return %w2, %m2 : tensor<64x64xf32>, tensor<64x64xf32>
  }
}
