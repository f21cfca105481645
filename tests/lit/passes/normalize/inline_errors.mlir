// RUN: %opt %s -p 'inline{max-ops=30}' --split-input-file --verify-diagnostics

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
  // expected-error @+1 {{the program calls itself: @ping -> @pong -> @ping}}
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

// -----

// expected-error @unknown {{its calls written out are 31 ops, want at most 30; write what repeats as a loop}}
func.func @main(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @eight(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func private @eight(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @four(%x) : (tensor<f32>) -> tensor<f32>
  %1 = call @four(%0) : (tensor<f32>) -> tensor<f32>
  return %1 : tensor<f32>
}
func.func private @four(%x: tensor<f32>) -> tensor<f32> {
  %0 = call @two(%x) : (tensor<f32>) -> tensor<f32>
  %1 = call @two(%0) : (tensor<f32>) -> tensor<f32>
  return %1 : tensor<f32>
}
func.func private @two(%x: tensor<f32>) -> tensor<f32> {
  %0 = stablehlo.tanh %x : tensor<f32>
  %1 = stablehlo.tanh %0 : tensor<f32>
  return %1 : tensor<f32>
}
