// RUN: %opt %s -p 'choose-shardings{data=0 spare=2}' --verify-diagnostics

// expected-error @unknown {{got 0 x 2 devices, want at least 1 x 1}}
module @no_devices {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
