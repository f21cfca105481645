// RUN: %opt %s -p 'choose-shardings' --verify-diagnostics

// expected-error @unknown {{the module names no machine; run use-machine{machine=… mesh=…} first}}
module @no_machine {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
