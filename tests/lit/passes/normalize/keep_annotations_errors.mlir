// RUN: %opt %s -p keep-annotations --split-input-file --verify-diagnostics

module @two_constraints {
  sdy.mesh @mesh = <["x"=2]>
  func.func @main(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
    %0 = stablehlo.tanh %x : tensor<8x4xf32>
    %1 = sdy.sharding_constraint %0 <@mesh, [{"x"}, {}]> : tensor<8x4xf32>
    // expected-error @below {{got the annotations [{"x"}, {}] and [{}, {"x"}], which contradict each other; keep one of them}}
    %2 = sdy.sharding_constraint %0 <@mesh, [{}, {"x"}]> : tensor<8x4xf32>
    %3 = stablehlo.add %1, %2 : tensor<8x4xf32>
    return %3 : tensor<8x4xf32>
  }
}

// -----

// expected-error @unknown {{got #sdy.sharding<@mesh, [{"x":(1)2}]>, which uses a part of an axis; give the mesh an axis of that size}}
module @part_of_an_axis {
  sdy.mesh @mesh = <["x"=4]>
  func.func @main(%x: tensor<8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x":(1)2}]>}) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}

// -----

// A constraint on an argument that has an annotation already.
module @argument_and_constraint {
  sdy.mesh @mesh = <["x"=2]>
  // expected-error @unknown {{got the annotations [{"x"}, {}] and [{}, {"x"}], which contradict each other; keep one of them}}
  func.func @main(%x: tensor<8x4xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {}]>}) -> tensor<8x4xf32> {
    %1 = sdy.sharding_constraint %x <@mesh, [{}, {"x"}]> : tensor<8x4xf32>
    return %1 : tensor<8x4xf32>
  }
}
