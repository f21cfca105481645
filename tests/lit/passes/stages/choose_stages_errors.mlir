// RUN: %opt %s -p 'choose-stages{stages=0}' --verify-diagnostics

// expected-error @unknown {{got 0 stages, want at least 1}}
module @no_stages {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
