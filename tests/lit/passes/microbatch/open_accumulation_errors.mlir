// RUN: %opt %s -p 'open-accumulation{microbatches=4},microbatch{microbatches=4}' --split-input-file --verify-diagnostics

module @every_second_slice {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<1x8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %four = stablehlo.constant dense<4> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<1x8xf32>
    %h = stablehlo.tanh %x : tensor<4x8xf32>
    %0:2 = stablehlo.while(%i = %zero, %sum = %start) : tensor<i32>, tensor<1x8xf32>
    cond {
      %p = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %twice = stablehlo.add %i, %i : tensor<i32>
      // expected-error @+1 {{it reads, in an accumulation loop, more than the iteration's slice of the batch}}
      %row = stablehlo.dynamic_slice %h, %twice, %zero, sizes = [1, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x8xf32>
      %y = stablehlo.dot_general %row, %w, contracting_dims = [1] x [0] : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
      %next = stablehlo.add %sum, %y : tensor<1x8xf32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next : tensor<i32>, tensor<1x8xf32>
    }
    return %0#1 : tensor<1x8xf32>
  }
}

// -----

module @two_rows_an_iteration {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<1x8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %four = stablehlo.constant dense<4> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<1x8xf32>
    %h = stablehlo.tanh %x : tensor<4x8xf32>
    %0:2 = stablehlo.while(%i = %zero, %sum = %start) : tensor<i32>, tensor<1x8xf32>
    cond {
      %p = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      // expected-error @+1 {{it reads, in an accumulation loop, more than the iteration's slice of the batch}}
      %rows = stablehlo.dynamic_slice %h, %i, %zero, sizes = [2, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<2x8xf32>
      %row = stablehlo.slice %rows [0:1, 0:8] : (tensor<2x8xf32>) -> tensor<1x8xf32>
      %y = stablehlo.dot_general %row, %w, contracting_dims = [1] x [0] : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
      %next = stablehlo.add %sum, %y : tensor<1x8xf32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next : tensor<i32>, tensor<1x8xf32>
    }
    return %0#1 : tensor<1x8xf32>
  }
}

// -----

module @all_rows_and_its_own {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<1x8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %four = stablehlo.constant dense<4> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<1x8xf32>
    %h = stablehlo.tanh %x : tensor<4x8xf32>
    %0:2 = stablehlo.while(%i = %zero, %sum = %start) : tensor<i32>, tensor<1x8xf32>
    cond {
      %p = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %row = stablehlo.dynamic_slice %h, %i, %zero, sizes = [1, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x8xf32>
      // expected-error @+1 {{it reads, in an accumulation loop, more than the iteration's slice of the batch}}
      %pairs = stablehlo.dot_general %row, %h, contracting_dims = [1] x [1] : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<1x4xf32>
      %wide = stablehlo.concatenate %pairs, %pairs, dim = 1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x8xf32>
      %y = stablehlo.add %wide, %row : tensor<1x8xf32>
      %z = stablehlo.dot_general %row, %w, contracting_dims = [1] x [0] : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
      %next = stablehlo.add %sum, %y : tensor<1x8xf32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next : tensor<i32>, tensor<1x8xf32>
    }
    return %0#1 : tensor<1x8xf32>
  }
}

// -----

module @a_sum_over_all_rows_first {
  func.func @main(%w: tensor<8x8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}) -> tensor<1x8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %four = stablehlo.constant dense<4> : tensor<i32>
    %start = stablehlo.constant dense<0.0> : tensor<1x8xf32>
    %zerof = stablehlo.constant dense<0.0> : tensor<f32>
    %h = stablehlo.tanh %x : tensor<4x8xf32>
    // expected-error @+1 {{it mixes the rows of the batch: stablehlo.multiply}}
    %all = stablehlo.reduce(%h init: %zerof) applies stablehlo.add across dimensions = [0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<8xf32>
    %one_row = stablehlo.reshape %all : (tensor<8xf32>) -> tensor<1x8xf32>
    %0:2 = stablehlo.while(%i = %zero, %sum = %start) : tensor<i32>, tensor<1x8xf32>
    cond {
      %p = stablehlo.compare LT, %i, %four : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %row = stablehlo.dynamic_slice %h, %i, %zero, sizes = [1, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x8xf32>
      %both = stablehlo.multiply %row, %one_row : tensor<1x8xf32>
      %y = stablehlo.dot_general %both, %w, contracting_dims = [1] x [0] : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
      %next = stablehlo.add %sum, %y : tensor<1x8xf32>
      %k = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %k, %next : tensor<i32>, tensor<1x8xf32>
    }
    return %0#1 : tensor<1x8xf32>
  }
}

// -----

// Written by hand: no loop taken apart gives this.
module @one_iteration_is_returned {
  func.func @main(%x: tensor<4x8xf32> {mw.role = "batch", mw.index = 0}) -> tensor<1x8xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %i = stablehlo.custom_call @mw.number() : () -> tensor<i32>
    %row = stablehlo.dynamic_slice %x, %i, %zero, sizes = [1, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x8xf32>
    // expected-error @+1 {{it returns what one iteration of an accumulation loop has}}
    return %row : tensor<1x8xf32>
  }
}

// -----

module @the_same_each_time_is_added_up {
  func.func @main(%w: tensor<8xf32>, %x: tensor<4x8xf32> {mw.role = "batch", mw.index = 1}) -> (tensor<8xf32>, tensor<4x8xf32>) {
    // expected-error @+1 {{it adds up what is the same in each iteration}}
    %sum = stablehlo.custom_call @mw.fold(%w) {mw.kind = "sum"} : (tensor<8xf32>) -> tensor<8xf32>
    return %sum, %x : tensor<8xf32>, tensor<4x8xf32>
  }
}
