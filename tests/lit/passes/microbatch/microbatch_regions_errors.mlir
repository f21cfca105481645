// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file --verify-diagnostics

module @inner_function_captures_a_row {
  func.func @main(%x: tensor<64xf32> {mw.role = "batch", mw.index = 0}, %w: tensor<8xf32>) -> tensor<f32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %h = stablehlo.tanh %x : tensor<64xf32>
    // expected-error @+1 {{it mixes the rows of the batch: stablehlo.reduce -> tensor<f32>}}
    %s = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
    %0 = "stablehlo.reduce"(%w, %zero) <{dimensions = array<i64: 0>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %1 = stablehlo.add %a, %b : tensor<f32>
      %2 = stablehlo.add %1, %s : tensor<f32>
      stablehlo.return %2 : tensor<f32>
    }) : (tensor<8xf32>, tensor<f32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
}

// -----

module @loop_until_no_row_is_left {
  func.func @main(%x: tensor<64xf32> {mw.role = "batch", mw.index = 0}) -> tensor<64xf32> {
    %no = stablehlo.constant dense<false> : tensor<i1>
    %zero = stablehlo.constant dense<0.0> : tensor<64xf32>
    // expected-error @+1 {{it loops until a value of the batch says so}}
    %0 = stablehlo.while(%s = %x) : tensor<64xf32>
    cond {
      %left = stablehlo.compare LT, %s, %zero : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xi1>
      %any = stablehlo.reduce(%left init: %no) applies stablehlo.or across dimensions = [0] : (tensor<64xi1>, tensor<i1>) -> tensor<i1>
      stablehlo.return %any : tensor<i1>
    } do {
      %1 = stablehlo.tanh %s : tensor<64xf32>
      stablehlo.return %1 : tensor<64xf32>
    }
    return %0 : tensor<64xf32>
  }
}

// -----

module @branch_in_a_loop_by_a_sum {
  func.func @main(%x: tensor<64xi1> {mw.role = "batch", mw.index = 0}) -> tensor<i32> {
    %no = stablehlo.constant dense<false> : tensor<i1>
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %0 = stablehlo.while(%t = %zero) : tensor<i32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      // expected-error @+1 {{it mixes the rows of the batch: stablehlo.if -> tensor<i32>}}
      %any = stablehlo.reduce(%x init: %no) applies stablehlo.or across dimensions = [0] : (tensor<64xi1>, tensor<i1>) -> tensor<i1>
      %step = "stablehlo.if"(%any) ({
        %1 = stablehlo.constant dense<1> : tensor<i32>
        stablehlo.return %1 : tensor<i32>
      }, {
        %2 = stablehlo.constant dense<2> : tensor<i32>
        stablehlo.return %2 : tensor<i32>
      }) : (tensor<i1>) -> tensor<i32>
      %t1 = stablehlo.add %t, %step : tensor<i32>
      stablehlo.return %t1 : tensor<i32>
    }
    return %0 : tensor<i32>
  }
}

// -----

module @branch_gives_a_row_here_and_a_sum_there {
  func.func @main(%flag: tensor<i1>, %x: tensor<64x64xf32> {mw.role = "batch", mw.index = 1}) -> tensor<64xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    // expected-error @+1 {{it carries a value that is split in one place and complete in another}}
    %0 = "stablehlo.if"(%flag) ({
      %1 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x64xf32>, tensor<f32>) -> tensor<64xf32>
      stablehlo.return %1 : tensor<64xf32>
    }, {
      %2 = stablehlo.reduce(%x init: %zero) applies stablehlo.add across dimensions = [1] : (tensor<64x64xf32>, tensor<f32>) -> tensor<64xf32>
      stablehlo.return %2 : tensor<64xf32>
    }) : (tensor<i1>) -> tensor<64xf32>
    return %0 : tensor<64xf32>
  }
}
