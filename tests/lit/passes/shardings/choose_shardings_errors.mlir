// RUN: %opt %s -p 'choose-shardings' --verify-diagnostics

// expected-error @unknown {{the module names no machine for @mesh; run use-machine{machine=… mesh=…} first}}
module @no_machine {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> attributes {mw.phase = "update", mw.stage = 0 : i64} {
    return %x : tensor<8xf32>
  }
}
