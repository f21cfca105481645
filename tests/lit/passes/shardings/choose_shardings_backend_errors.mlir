// RUN: %opt %s -p 'use-machine{machine=local-cpu mesh=2},choose-shardings{backend=gurobi}' --verify-diagnostics

// expected-error @unknown {{got 'gurobi', want cbc or highs}}
module @unknown_backend {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
