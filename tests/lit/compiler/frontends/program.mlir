// RUN: %opt %s --program --split-input-file | FileCheck %s

// The one public function becomes @main.
// CHECK:      func.func public @main
// CHECK-NEXT:   call @helper
// CHECK:      func.func private @helper
func.func @train_step(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @helper(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func private @helper(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}

// -----

// @main wins over other public functions.
// CHECK:      func.func private @other
// CHECK:      func.func public @main
func.func @other() {
  return
}
func.func @main() {
  return
}
