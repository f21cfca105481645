// RUN: %opt %s -p verify-collectives --split-input-file --verify-diagnostics

// The same check as in partition comes first: all its messages are in partition_*_errors.mlir.
module @two_collectives_at_once {
  sdy.mesh @mesh = <["x"=2, "y"=2]>
  func.func @main(%x: tensor<8x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{"x"}, {"y"}]>}) -> (tensor<8x8xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>}) {
    // expected-error @+1 {{[{"x"}, {"y"}] to [{}, {}] is not one collective}}
    %0 = sdy.reshard %x <@mesh, [{}, {}]> : tensor<8x8xf32>
    return %0 : tensor<8x8xf32>
  }
}
