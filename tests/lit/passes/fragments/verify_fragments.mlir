// RUN: %opt %s -p verify-fragments --split-input-file | FileCheck %s

// A value that one stage gives and the other reads, an accumulator that is read and given, an argument. Nothing is changed.
// CHECK-LABEL: module @two_stages
// CHECK:       func.func private @stage1_forward
module @two_stages {
  func.func @main(%x: tensor<4xf32> {mw.value = "batch0"}) -> (tensor<4xf32> {mw.value = "acc0"}) {
    %0 = call @stage1_setup() : () -> tensor<4xf32>
    %1 = call @stage0_forward(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = call @stage1_forward(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    return %2 : tensor<4xf32>
  }
  func.func private @stage1_setup() -> (tensor<4xf32> {mw.value = "acc0"}) attributes {mw.phase = "setup"} {
    %0 = stablehlo.constant dense<0.0> : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func private @stage0_forward(%x: tensor<4xf32> {mw.value = "batch0"}) -> (tensor<4xf32> {mw.value = "v0"}) attributes {mw.phase = "forward"} {
    %0 = stablehlo.tanh %x : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  func.func private @stage1_forward(%acc: tensor<4xf32> {mw.value = "acc0"}, %h: tensor<4xf32> {mw.value = "v0"}) -> (tensor<4xf32> {mw.value = "acc0"}) attributes {mw.phase = "forward"} {
    %0 = stablehlo.add %acc, %h : tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
