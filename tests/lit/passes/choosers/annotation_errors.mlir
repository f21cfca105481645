// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=2x4},choose-shardings{intra=ilp}' --split-input-file --verify-diagnostics

// expected-error @unknown {{got [{"model"}], and the mesh has no axis 'model'; use its axes 'x' of 2 and 'y' of 4}}
module @unknown_axis {
  func.func @main(%w: tensor<8xf32> {mw.name = "w", mw.value = "arg0", mw.annotation = "[{\"model\"}]"}) attributes {mw.phase = "update", mw.stage = 0 : i64} { return }
}

// -----

// expected-error @unknown {{got [{"y"}], and the 6 elements of dim 0 cannot be divided in 4 parts; annotate another dim}}
module @does_not_divide {
  func.func @main(%w: tensor<6xf32> {mw.name = "w", mw.value = "arg0", mw.annotation = "[{\"y\"}]"}) attributes {mw.phase = "update", mw.stage = 0 : i64} { return }
}

// -----

// expected-error @unknown {{got [{}], and argument 0 'w', which it shares its buffer with, has [{"x"}]; keep one of them}}
module @state_and_next_state {
  func.func @main(%w: tensor<8xf32> {mw.name = "w", mw.value = "arg0", mw.state_result = 0 : i64, mw.annotation = "[{\"x\"}]"})
      -> (tensor<8xf32> {mw.name = "new", mw.value = "v0", mw.annotation = "[{}]"}) attributes {mw.phase = "update", mw.stage = 0 : i64} {
    return %w : tensor<8xf32>
  }
}

// -----

// expected-error @unknown {{got [{"x"}] for a tensor with 2 dims; write one {…} for each dim}}
module @too_few_dims {
  func.func @main(%w: tensor<8x8xf32> {mw.name = "w", mw.value = "arg0", mw.annotation = "[{\"x\"}]"}) attributes {mw.phase = "update", mw.stage = 0 : i64} { return }
}

// -----

// expected-error @unknown {{got [{"x"}, {"x"}], which uses axis 'x' twice; an axis splits one dim of a tensor}}
module @axis_twice {
  func.func @main(%w: tensor<8x8xf32> {mw.name = "w", mw.value = "arg0", mw.annotation = "[{\"x\"}, {\"x\"}]"}) attributes {mw.phase = "update", mw.stage = 0 : i64} { return }
}

// -----

// expected-error @unknown {{got [{"y", "x"}], with axes out of the mesh's order in dim 0}}
module @wrong_order {
  func.func @main(%w: tensor<8xf32> {mw.name = "w", mw.value = "arg0", mw.annotation = "[{\"y\", \"x\"}]"}) attributes {mw.phase = "update", mw.stage = 0 : i64} { return }
}

// -----

// expected-error @unknown {{got 'x', want a list of axes for each dim; write it as in [{"x"}, {}]}}
module @no_sharding {
  func.func @main(%w: tensor<8xf32> {mw.name = "w", mw.value = "arg0", mw.annotation = "x"}) attributes {mw.phase = "update", mw.stage = 0 : i64} { return }
}
