// RUN: %opt %s -p inline --split-input-file --verify-diagnostics

func.func @recursion(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{the program calls itself: @recursion -> @recursion; write the recursion as a loop}}
  %0 = call @recursion(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @ping(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func private @ping(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @pong(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func private @pong(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{the program calls itself: @main -> @ping -> @pong -> @ping}}
  %0 = call @ping(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @no_body(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @+1 {{function @elsewhere has no body}}
  %0 = call @elsewhere(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func private @elsewhere(tensor<f32>) -> tensor<f32>
