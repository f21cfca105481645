// RUN: %opt %s -p realize --split-input-file | FileCheck %s

// Two layers on two stages: setup, forward, backward and update of each, called in the order of one microbatch.
// CHECK-LABEL: module @mlp_sgd
// CHECK:       func.func @main
// CHECK-SAME:    %[[W1:[a-z0-9]+]]: tensor<8x16xf32> {{{.*}} mw.value = "arg0"}, %[[W2:[a-z0-9]+]]: tensor<16x2xf32> {{{.*}} mw.value = "arg1"},
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x8xf32> {{{.*}} mw.value = "batch2"}, %[[Y:[a-z0-9]+]]: tensor<4x2xf32> {{{.*}} mw.value = "batch3"},
// CHECK-SAME:    tensor<i32> {mw.role = "microbatch", mw.value = "index"}
// CHECK-SAME:    mw.value = "[[N1:v[0-9]+]]"}, tensor<16x2xf32> {mw.role = "state", mw.value = "[[N2:v[0-9]+]]"}, tensor<f32> {mw.role = "loss", mw.value = "acc0"}
// CHECK-NEXT:    %[[START0:.*]] = call @stage0_setup()
// CHECK-NEXT:    %[[START1:.*]]:2 = call @stage1_setup()
// CHECK-NEXT:    %[[H:.*]] = call @stage0_forward(%[[W1]], %[[X]])
// CHECK-NEXT:    %[[F1:.*]]:2 = call @stage1_forward(%[[START1]]#0, %[[W2]], %[[Y]], %[[H]])
// CHECK-NEXT:    %[[B1:.*]]:2 = call @stage1_backward(%[[START1]]#1, %[[W2]], %[[H]], %[[F1]]#1)
// CHECK-NEXT:    %[[B0:.*]] = call @stage0_backward(%[[START0]], %[[X]], %[[B1]]#1)
// CHECK-NEXT:    %[[U0:.*]] = call @stage0_update(%[[B0]], %[[W1]])
// CHECK-NEXT:    %[[U1:.*]] = call @stage1_update(%[[B1]]#0, %[[W2]])
// CHECK-NEXT:    return %[[U0]], %[[U1]], %[[F1]]#0
// CHECK:       func.func private @stage0_setup() -> (tensor<8x16xf32> {mw.value = "acc2", mw.value_dim = -1 : i64}) attributes {mw.level = 0 : i64, mw.phase = "setup", mw.stage = 0 : i64}
// CHECK:         stablehlo.constant dense<0.000000e+00> : tensor<8x16xf32>
// CHECK:       func.func private @stage0_forward
// CHECK-SAME:    -> (tensor<4x16xf32> {mw.value = "[[H:v[0-9]+]]", mw.value_dim = 0 : i64}) attributes {mw.level = 0 : i64, mw.phase = "forward", mw.stage = 0 : i64}
// CHECK:       func.func private @stage1_forward
// CHECK-SAME:    %[[SO_FAR:[a-z0-9]+]]: tensor<f32> {mw.value = "acc0", mw.value_dim = -1 : i64}
// CHECK-SAME:    %[[RECEIVED:[a-z0-9]+]]: tensor<4x16xf32> {mw.value = "[[H]]", mw.value_dim = 0 : i64}
// CHECK-SAME:    -> (tensor<f32> {mw.value = "acc0", mw.value_dim = -1 : i64}, tensor<4x2xf32> {mw.value = "[[E:v[0-9]+]]", mw.value_dim = 0 : i64})
// CHECK:         stablehlo.dot_general %[[RECEIVED]],
// CHECK:         %[[PART:.*]] = stablehlo.reduce
// CHECK-NEXT:    %[[SUM:.*]] = stablehlo.add %[[SO_FAR]], %[[PART]]
// CHECK-NEXT:    return %[[SUM]],
// CHECK:       func.func private @stage1_backward
// CHECK-SAME:    mw.value = "[[H]]"
// CHECK-SAME:    mw.value = "[[E]]"
// CHECK:       func.func private @stage0_update
// CHECK-SAME:    -> (tensor<8x16xf32> {mw.value = "[[N1]]",
// CHECK:       func.func private @stage1_update
// CHECK-SAME:    -> (tensor<16x2xf32> {mw.value = "[[N2]]",
module @mlp_sgd attributes {mw.num_stages = 2 : i64, mw.microbatches = 4 : i64} {
  func.func @main(
      %w1: tensor<8x16xf32> {mw.role = "parameter", mw.index = 0, mw.state_result = 0 : i64}, %w2: tensor<16x2xf32> {mw.role = "parameter", mw.index = 1, mw.state_result = 1 : i64},
      %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 2}, %y: tensor<4x2xf32> {mw.role = "batch", mw.index = 3}, %index: tensor<i32> {mw.role = "microbatch"})
      -> (tensor<8x16xf32> {mw.role = "state"}, tensor<16x2xf32> {mw.role = "state"}, tensor<f32> {mw.role = "loss"}) {
    %zero = stablehlo.constant {mw.phase = "setup"} dense<0.0> : tensor<f32>
    %a = stablehlo.dot_general %x, %w1, contracting_dims = [1] x [0] {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : (tensor<4x8xf32>, tensor<8x16xf32>) -> tensor<4x16xf32>
    %h = stablehlo.tanh %a {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4x16xf32>
    %p = stablehlo.dot_general %h, %w2, contracting_dims = [1] x [0] {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : (tensor<4x16xf32>, tensor<16x2xf32>) -> tensor<4x2xf32>
    %e = stablehlo.subtract %p, %y {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<4x2xf32>
    %part = stablehlo.reduce(%e init: %zero) applies stablehlo.add across dimensions = [0, 1] {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: -1>} : (tensor<4x2xf32>, tensor<f32>) -> tensor<f32>
    %loss = stablehlo.custom_call @mw.accumulate(%part) {mw.kind = "sum", mw.phase = "forward", mw.stage = 1 : i64} : (tensor<f32>) -> tensor<f32>
    %dw2 = stablehlo.dot_general %h, %e, contracting_dims = [0] x [0] {mw.phase = "backward", mw.stage = 1 : i64, mw.batch_dim = array<i64: -1>} : (tensor<4x16xf32>, tensor<4x2xf32>) -> tensor<16x2xf32>
    %s2 = stablehlo.custom_call @mw.accumulate(%dw2) {mw.kind = "sum", mw.phase = "backward", mw.stage = 1 : i64} : (tensor<16x2xf32>) -> tensor<16x2xf32>
    %dh = stablehlo.dot_general %e, %w2, contracting_dims = [1] x [1] {mw.phase = "backward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : (tensor<4x2xf32>, tensor<16x2xf32>) -> tensor<4x16xf32>
    %dw1 = stablehlo.dot_general %x, %dh, contracting_dims = [0] x [0] {mw.phase = "backward", mw.stage = 0 : i64, mw.batch_dim = array<i64: -1>} : (tensor<4x8xf32>, tensor<4x16xf32>) -> tensor<8x16xf32>
    %s1 = stablehlo.custom_call @mw.accumulate(%dw1) {mw.kind = "sum", mw.phase = "backward", mw.stage = 0 : i64} : (tensor<8x16xf32>) -> tensor<8x16xf32>
    %n1 = stablehlo.subtract %w1, %s1 {mw.phase = "update", mw.stage = 0 : i64} : tensor<8x16xf32>
    %n2 = stablehlo.subtract %w2, %s2 {mw.phase = "update", mw.stage = 1 : i64} : tensor<16x2xf32>
    return %n1, %n2, %loss : tensor<8x16xf32>, tensor<16x2xf32>, tensor<f32>
  }
}

// -----

// A norm over both stages' gradients: stage 1 waits one hop for stage 0's part, stage 0 two for the sum.
// CHECK-LABEL: module @global_norm_gives_levels
// CHECK:         %[[N0:.*]] = call @stage0_update(%[[S0:.*]]#0)
// CHECK-NEXT:    %[[N:.*]]:2 = call @stage1_update_1(%{{.*}}, %[[N0]])
// CHECK-NEXT:    call @stage0_update_2(%[[S0]]#0, %[[N]]#0)
// CHECK:       func.func private @stage0_update(
// CHECK-SAME:    attributes {mw.level = 0 : i64, mw.phase = "update", mw.stage = 0 : i64}
// CHECK-NOT:     stablehlo.divide
// CHECK:       func.func private @stage1_update_1(
// CHECK-SAME:    attributes {mw.level = 1 : i64, mw.phase = "update", mw.stage = 1 : i64}
// CHECK:         stablehlo.reduce
// CHECK-NEXT:    stablehlo.add
// CHECK:         stablehlo.divide
// CHECK:       func.func private @stage0_update_2(
// CHECK-SAME:    attributes {mw.level = 2 : i64, mw.phase = "update", mw.stage = 0 : i64}
// CHECK-NOT:     stablehlo.reduce
// CHECK:         stablehlo.divide
module @global_norm_gives_levels attributes {mw.num_stages = 2 : i64, mw.microbatches = 2 : i64} {
  func.func @main(%x: tensor<1024xf32> {mw.role = "batch", mw.index = 0}) -> (tensor<1024xf32> {mw.role = "output"}, tensor<1024xf32> {mw.role = "output"}) {
    %zero = stablehlo.constant {mw.phase = "update"} dense<0.0> : tensor<f32>
    %g0 = stablehlo.tanh %x {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: -1>} : tensor<1024xf32>
    %g1 = stablehlo.tanh %g0 {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: -1>} : tensor<1024xf32>
    %s0 = stablehlo.custom_call @mw.accumulate(%g0) {mw.kind = "sum", mw.phase = "forward", mw.stage = 0 : i64} : (tensor<1024xf32>) -> tensor<1024xf32>
    %s1 = stablehlo.custom_call @mw.accumulate(%g1) {mw.kind = "sum", mw.phase = "forward", mw.stage = 1 : i64} : (tensor<1024xf32>) -> tensor<1024xf32>
    %n0 = stablehlo.reduce(%s0 init: %zero) applies stablehlo.add across dimensions = [0] {mw.phase = "update", mw.stage = 0 : i64} : (tensor<1024xf32>, tensor<f32>) -> tensor<f32>
    %n1 = stablehlo.reduce(%s1 init: %zero) applies stablehlo.add across dimensions = [0] {mw.phase = "update", mw.stage = 1 : i64} : (tensor<1024xf32>, tensor<f32>) -> tensor<f32>
    %norm = stablehlo.add %n0, %n1 {mw.phase = "update", mw.stage = 1 : i64} : tensor<f32>
    %b0 = stablehlo.broadcast_in_dim %norm, dims = [] {mw.phase = "update", mw.stage = 0 : i64} : (tensor<f32>) -> tensor<1024xf32>
    %u0 = stablehlo.divide %s0, %b0 {mw.phase = "update", mw.stage = 0 : i64} : tensor<1024xf32>
    %b1 = stablehlo.broadcast_in_dim %norm, dims = [] {mw.phase = "update", mw.stage = 1 : i64} : (tensor<f32>) -> tensor<1024xf32>
    %u1 = stablehlo.divide %s1, %b1 {mw.phase = "update", mw.stage = 1 : i64} : tensor<1024xf32>
    return %u0, %u1 : tensor<1024xf32>, tensor<1024xf32>
  }
}

// -----

// Adam's counter has no stage: each stage that reads it counts for itself and gives its own next value.
// CHECK-LABEL: module @step_counter_on_each_stage
// CHECK:       func.func @main
// CHECK-SAME:    -> (tensor<i32> {mw.role = "state", mw.value = "[[N:v[0-9]+]]"}
// CHECK:       func.func private @stage0_forward(
// CHECK:         %[[N0:.*]] = stablehlo.add {{.*}} : tensor<i32>
// CHECK-NEXT:    stablehlo.broadcast_in_dim %[[N0]],
// CHECK:       func.func private @stage1_forward(
// CHECK:         %[[N1:.*]] = stablehlo.add {{.*}} : tensor<i32>
// CHECK-NEXT:    stablehlo.broadcast_in_dim %[[N1]],
// CHECK:       func.func private @stage0_update(%[[OLD:.*]]: tensor<i32> {mw.value = "arg0", mw.value_dim = -1 : i64}) -> (tensor<i32> {mw.value = "[[N]]", mw.value_dim = -1 : i64})
// CHECK:         stablehlo.add %[[OLD]],
// CHECK:       func.func private @stage1_update(%[[OLD1:.*]]: tensor<i32> {mw.value = "arg0", mw.value_dim = -1 : i64}) -> (tensor<i32> {mw.value = "[[N]]", mw.value_dim = -1 : i64})
// CHECK:         stablehlo.add %[[OLD1]],
module @step_counter_on_each_stage attributes {mw.num_stages = 2 : i64, mw.microbatches = 1 : i64} {
  func.func @main(%count: tensor<i32> {mw.role = "state", mw.index = 0, mw.state_result = 0 : i64}, %x: tensor<4xi32> {mw.role = "batch", mw.index = 1})
      -> (tensor<i32> {mw.role = "state"}, tensor<4xi32> {mw.role = "output"}) {
    %one = stablehlo.constant {mw.phase = "update"} dense<1> : tensor<i32>
    %n = stablehlo.add %count, %one {mw.phase = "update"} : tensor<i32>
    %ns = stablehlo.broadcast_in_dim %n, dims = [] {mw.phase = "setup"} : (tensor<i32>) -> tensor<4xi32>
    %0 = stablehlo.add %x, %ns {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4xi32>
    %1 = stablehlo.multiply %0, %ns {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<4xi32>
    return %n, %1 : tensor<i32>, tensor<4xi32>
  }
}

// -----

// CHECK-LABEL: module @constant_of_two_stages
// CHECK:       func.func private @stage0_forward(%{{.*}}: tensor<4096xf32> {mw.value = "batch0", mw.value_dim = 0 : i64}) ->
// CHECK-NEXT:    stablehlo.constant dense<2.000000e+00>
// CHECK:       func.func private @stage1_forward(%{{.*}}: tensor<4096xf32> {mw.value = "v1", mw.value_dim = 0 : i64}) ->
// CHECK-NEXT:    stablehlo.constant dense<2.000000e+00>
module @constant_of_two_stages attributes {mw.num_stages = 2 : i64, mw.microbatches = 1 : i64} {
  func.func @main(%x: tensor<4096xf32> {mw.role = "batch", mw.index = 0}) -> (tensor<4096xf32> {mw.role = "output"}) {
    %two = stablehlo.constant {mw.phase = "setup"} dense<2.0> : tensor<4096xf32>
    %0 = stablehlo.multiply %x, %two {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4096xf32>
    %1 = stablehlo.add %0, %two {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : tensor<4096xf32>
    return %1 : tensor<4096xf32>
  }
}

// -----

// State that comes back as it went in needs no fragment.
// CHECK-LABEL: module @frozen_parameter
// CHECK:       func.func @main(%[[W:[a-z0-9]+]]: {{.*}} -> (tensor<4096xf32> {mw.role = "state", mw.value = "arg0"},
// CHECK-NEXT:    %[[Y:.*]] = call @stage0_forward(%[[W]],
// CHECK-NEXT:    return %[[W]], %[[Y]]
// CHECK-NOT:   @stage0_update
module @frozen_parameter attributes {mw.num_stages = 1 : i64, mw.microbatches = 1 : i64} {
  func.func @main(%w: tensor<4096xf32> {mw.role = "parameter", mw.index = 0, mw.state_result = 0 : i64}, %x: tensor<4096xf32> {mw.role = "batch", mw.index = 1})
      -> (tensor<4096xf32> {mw.role = "state"}, tensor<4096xf32> {mw.role = "output"}) {
    %0 = stablehlo.multiply %x, %w {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4096xf32>
    return %w, %0 : tensor<4096xf32>, tensor<4096xf32>
  }
}

// -----

// Rows of each microbatch go into a buffer at its number times its rows.
// CHECK-LABEL: module @collected_rows
// CHECK:       func.func private @stage0_setup() -> (tensor<4x8xf32> {mw.value = "acc0", mw.value_dim = 1 : i64})
// CHECK:       func.func private @stage0_forward(%[[SO_FAR:[a-z0-9]+]]: tensor<4x8xf32> {mw.value = "acc0", {{.*}}, %{{.*}}, %[[INDEX:[a-z0-9]+]]: tensor<i32> {mw.value = "index", mw.value_dim = -1 : i64})
// CHECK:         %[[ROWS:.*]] = stablehlo.tanh
// CHECK-DAG:     %[[ZERO:.*]] = stablehlo.constant dense<0> : tensor<i32>
// CHECK-DAG:     %[[TWO:.*]] = stablehlo.constant dense<2> : tensor<i32>
// CHECK:         %[[AT:.*]] = stablehlo.multiply %[[INDEX]], %[[TWO]]
// CHECK-NEXT:    %[[ALL:.*]] = stablehlo.dynamic_update_slice %[[SO_FAR]], %[[ROWS]], %[[ZERO]], %[[AT]]
// CHECK-NEXT:    return %[[ALL]]
module @collected_rows attributes {mw.num_stages = 1 : i64, mw.microbatches = 4 : i64} {
  func.func @main(%x: tensor<4x2xf32> {mw.role = "batch", mw.index = 0}, %index: tensor<i32> {mw.role = "microbatch"}) -> (tensor<4x8xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 1>} : tensor<4x2xf32>
    %1 = stablehlo.custom_call @mw.collect(%0) {mw.dim = 1 : i64, mw.phase = "forward", mw.stage = 0 : i64} : (tensor<4x2xf32>) -> tensor<4x8xf32>
    return %1 : tensor<4x8xf32>
  }
}

// -----

// A fold starts from its neutral element.
// CHECK-LABEL: module @max_starts_from_minus_infinity
// CHECK:       func.func private @stage0_setup()
// CHECK-NEXT:    stablehlo.constant dense<0xFF800000> : tensor<4xf32>
// CHECK:       func.func private @stage0_forward(%[[SO_FAR:[a-z0-9]+]]: {{.*}}
// CHECK:         %[[PART:.*]] = stablehlo.tanh
// CHECK-NEXT:    stablehlo.maximum %[[SO_FAR]], %[[PART]]
module @max_starts_from_minus_infinity attributes {mw.num_stages = 1 : i64, mw.microbatches = 4 : i64} {
  func.func @main(%x: tensor<4xf32> {mw.role = "batch", mw.index = 0}) -> (tensor<4xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: -1>} : tensor<4xf32>
    %1 = stablehlo.custom_call @mw.accumulate(%0) {mw.kind = "max", mw.phase = "forward", mw.stage = 0 : i64} : (tensor<4xf32>) -> tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

// -----

// The whole twin of a batch argument is an argument like any other; its rows per microbatch have an id of their own.
// CHECK-LABEL: module @whole_twin
// CHECK:       func.func @main(%[[MASK:[a-z0-9]+]]: tensor<4xf32> {{{.*}} mw.value = "batch0"}, %[[ALL:[a-z0-9]+]]: tensor<8xf32> {{{.*}} mw.value = "arg0", mw.whole},
// CHECK-NEXT:    %[[START:.*]]:2 = call @stage0_setup(%[[ALL]])
// CHECK-NEXT:    call @stage0_forward(%[[START]]#0, %[[MASK]], %[[START]]#1)
module @whole_twin attributes {mw.num_stages = 1 : i64, mw.microbatches = 2 : i64} {
  func.func @main(%mask: tensor<4xf32> {mw.role = "batch", mw.index = 0}, %all: tensor<8xf32> {mw.role = "batch", mw.index = 0, mw.whole}, %index: tensor<i32> {mw.role = "microbatch"})
      -> (tensor<f32> {mw.role = "loss"}) {
    %zero = stablehlo.constant {mw.phase = "setup"} dense<0.0> : tensor<f32>
    %n = stablehlo.reduce(%all init: %zero) applies stablehlo.add across dimensions = [0] {mw.phase = "setup", mw.stage = 0 : i64} : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    %ns = stablehlo.broadcast_in_dim %n, dims = [] {mw.phase = "forward", mw.stage = 0 : i64} : (tensor<f32>) -> tensor<4xf32>
    %0 = stablehlo.divide %mask, %ns {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4xf32>
    %1 = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0] {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: -1>} : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
    %2 = stablehlo.custom_call @mw.accumulate(%1) {mw.kind = "sum", mw.phase = "forward", mw.stage = 0 : i64} : (tensor<f32>) -> tensor<f32>
    return %2 : tensor<f32>
  }
}

// -----

// A region's captured values become arguments.
// CHECK-LABEL: module @captured_values
// CHECK:       func.func private @stage1_forward(%[[P:[a-z0-9]+]]: tensor<i1> {mw.value = "arg0", {{.*}}, %[[H:[a-z0-9]+]]: tensor<4xf32> {mw.value = "v0",
// CHECK-NEXT:    "stablehlo.if"(%[[P]])
// CHECK-NEXT:      stablehlo.negate %[[H]]
// CHECK:           stablehlo.return %[[H]]
module @captured_values attributes {mw.num_stages = 2 : i64, mw.microbatches = 1 : i64} {
  func.func @main(%p: tensor<i1> {mw.role = "constant", mw.index = 0}, %x: tensor<4xf32> {mw.role = "batch", mw.index = 1}) -> (tensor<4xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.phase = "forward", mw.stage = 0 : i64, mw.batch_dim = array<i64: 0>} : tensor<4xf32>
    %1 = "stablehlo.if"(%p) ({
      %2 = stablehlo.negate %0 : tensor<4xf32>
      stablehlo.return %2 : tensor<4xf32>
    }, {
      stablehlo.return %0 : tensor<4xf32>
    }) {mw.phase = "forward", mw.stage = 1 : i64, mw.batch_dim = array<i64: 0>} : (tensor<i1>) -> tensor<4xf32>
    return %1 : tensor<4xf32>
  }
}

// -----

// A result that is a constant is made by the update of stage 0.
// CHECK-LABEL: module @constant_result
// CHECK:       func.func private @stage0_update() -> (tensor<f32> {mw.value = "v0", mw.value_dim = -1 : i64})
// CHECK-NEXT:    stablehlo.constant dense<1.000000e+00>
module @constant_result attributes {mw.num_stages = 1 : i64, mw.microbatches = 1 : i64} {
  func.func @main() -> (tensor<f32> {mw.role = "loss"}) {
    %0 = stablehlo.constant {mw.phase = "forward"} dense<1.0> : tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

// Ops without results are ops of their own: each runs where and when its own operands are there.
// CHECK-LABEL: module @calls_without_results
// CHECK:       func.func private @stage0_update(
// CHECK:         stablehlo.custom_call @first
// CHECK-NEXT:    stablehlo.custom_call @third
// CHECK:       func.func private @stage1_update_1(
// CHECK:         %[[V:.*]] = stablehlo.negate
// CHECK-NEXT:    stablehlo.custom_call @second(%[[V]])
module @calls_without_results attributes {mw.num_stages = 2 : i64, mw.microbatches = 1 : i64} {
  func.func @main(%x: tensor<4000xf32> {mw.role = "constant", mw.index = 0}) -> (tensor<4000xf32> {mw.role = "output"}) {
    %0 = stablehlo.tanh %x {mw.phase = "update", mw.stage = 0 : i64} : tensor<4000xf32>
    %1 = stablehlo.negate %0 {mw.phase = "update", mw.stage = 1 : i64} : tensor<4000xf32>
    stablehlo.custom_call @first(%x) {has_side_effect = true, mw.phase = "update", mw.stage = 0 : i64} : (tensor<4000xf32>) -> ()
    stablehlo.custom_call @second(%1) {has_side_effect = true, mw.phase = "update", mw.stage = 1 : i64} : (tensor<4000xf32>) -> ()
    stablehlo.custom_call @third(%x) {has_side_effect = true, mw.phase = "update", mw.stage = 0 : i64} : (tensor<4000xf32>) -> ()
    return %1 : tensor<4000xf32>
  }
}
