// RUN: %opt %s -p 'use-machine{machine=local-cpu mesh=2},choose-shardings{intra=ilq}' --verify-diagnostics

// expected-error @unknown {{unknown chooser 'ilq'; did you mean 'ilp'? there are: ilp, }}
module @unknown_chooser {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
