// RUN: %opt %s -p 'land-transfers{devices-per-host=0}' --verify-diagnostics

// expected-error @unknown {{got devices-per-host=0, want at least 1}}
module @no_devices {
  sdy.mesh @mesh = <["x"=2]>
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
