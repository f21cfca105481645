// RUN: %opt %s -p 'land-transfers' --verify-diagnostics

// expected-error @unknown {{the module has no mesh; run use-machine{machine=… mesh=…} first}}
module @no_mesh {
  func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
    return %x : tensor<8xf32>
  }
}
