// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file --verify-diagnostics

// expected-error @unknown {{its 6 rows cannot be divided in 4 microbatches; use one of 1, 2, 3, 6, or --microbatches auto}}
module @rows_not_divisible {
  func.func @main(%x: tensor<6xf32> {mw.role = "batch", mw.index = 0, mw.name = "x"}) -> tensor<6xf32> {
    return %x : tensor<6xf32>
  }
}

// -----

// expected-error @unknown {{the program has no batch argument to divide in 4 microbatches; name them with --batch-args, or use --microbatches 1}}
module @no_batch {
  func.func @main(%w: tensor<8xf32> {mw.role = "parameter"}) -> tensor<8xf32> {
    return %w : tensor<8xf32>
  }
}

// -----

// Too dear to compute from a whole copy in each microbatch: mean and variance of what a layer gives.
module @batch_statistics {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<256xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %count = stablehlo.constant dense<64.0> : tensor<256xf32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    %mean = stablehlo.divide %sum, %count : tensor<256xf32>
    %means = stablehlo.broadcast_in_dim %mean, dims = [1] : (tensor<256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it needs a value that is complete only after all microbatches, so 4 microbatches would not give the result of the whole batch; use --microbatches 1, or auto, which picks a number that works}}
    %centred = stablehlo.subtract %h, %means : tensor<64x256xf32>
    %squares = stablehlo.multiply %centred, %centred : tensor<64x256xf32>
    %variance = stablehlo.reduce(%squares init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    return %variance : tensor<256xf32>
  }
}

// -----

module @contrastive {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<64x64xf32> {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it combines every row of the batch with every other row}}
    %logits = stablehlo.dot_general %h, %h, contracting_dims = [1] x [1] : (tensor<64x256xf32>, tensor<64x256xf32>) -> tensor<64x64xf32>
    return %logits : tensor<64x64xf32>
  }
}

// -----

module @sort_over_rows {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<64x256xf32> {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it works across the rows of the batch}}
    %sorted = "stablehlo.sort"(%h) <{dimension = 0 : i64, is_stable = true}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %p = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    }) : (tensor<64x256xf32>) -> tensor<64x256xf32>
    return %sorted : tensor<64x256xf32>
  }
}

// -----

module @part_of_the_rows {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<32x256xf32> {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it works across the rows of the batch}}
    %half = stablehlo.slice %h [0:32, 0:256] : (tensor<64x256xf32>) -> tensor<32x256xf32>
    return %half : tensor<32x256xf32>
  }
}

// -----

module @argmax_over_rows {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<256xi32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %low = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %rows = stablehlo.iota dim = 0 : tensor<64x256xi32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it reduces over the rows of the batch in a way that has no fold}}
    %best:2 = stablehlo.reduce(%h init: %low), (%rows init: %zero) across dimensions = [0] : (tensor<64x256xf32>, tensor<64x256xi32>, tensor<f32>, tensor<i32>) -> (tensor<256xf32>, tensor<256xi32>)
      reducer(%a: tensor<f32>, %b: tensor<f32>) (%i: tensor<i32>, %j: tensor<i32>) {
        %p = stablehlo.compare GT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
        %c = stablehlo.select %p, %a, %b : tensor<i1>, tensor<f32>
        %k = stablehlo.select %p, %i, %j : tensor<i1>, tensor<i32>
        stablehlo.return %c, %k : tensor<f32>, tensor<i32>
      }
    return %best#1 : tensor<256xi32>
  }
}

// -----

module @regrouped_rows {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<2x32x256xf32> {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it regroups the batch so that 4 microbatches do not fall on one dim}}
    %pairs = stablehlo.reshape %h : (tensor<64x256xf32>) -> tensor<2x32x256xf32>
    return %pairs : tensor<2x32x256xf32>
  }
}

// -----

module @op_without_a_rule {
  func.func @main(%x: tensor<64x256xf32> {mw.role = "batch", mw.index = 0}) -> tensor<64x256xf32> {
    %h = stablehlo.tanh %x : tensor<64x256xf32>
    // expected-error @+1 {{it has no sharding rule, so it needs the whole batch}}
    %0 = stablehlo.custom_call @secret(%h) : (tensor<64x256xf32>) -> tensor<64x256xf32>
    return %0 : tensor<64x256xf32>
  }
}

// -----

module @grouped_convolution_over_the_batch {
  func.func @main(%x: tensor<64x8x16xf32> {mw.role = "batch", mw.index = 0}, %w: tensor<3x16x64xf32>) -> tensor<16x6x64xf32> {
    %h = stablehlo.tanh %x : tensor<64x8x16xf32>
    // expected-error @+1 {{it is a grouped convolution over the batch}}
    %0 = stablehlo.convolution(%h, %w) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {} {batch_group_count = 4 : i64, feature_group_count = 1 : i64} : (tensor<64x8x16xf32>, tensor<3x16x64xf32>) -> tensor<16x6x64xf32>
    return %0 : tensor<16x6x64xf32>
  }
}

// -----

module @inner_function_captures_a_row {
  func.func @main(%x: tensor<64xf32> {mw.role = "batch", mw.index = 0}, %w: tensor<8xf32>) -> tensor<f32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %h = stablehlo.tanh %x : tensor<64xf32>
    %s = stablehlo.reduce(%h init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
    // expected-error @+1 {{it uses a value of the batch in its inner function}}
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

module @sum_over_rows_inside_a_loop {
  func.func @main(%x: tensor<64xf32> {mw.role = "batch", mw.index = 0}) -> tensor<64xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %start = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %0:2 = stablehlo.while(%t = %start, %s = %x) : tensor<i32>, tensor<64xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %sum = stablehlo.reduce(%s init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<64xf32>, tensor<f32>) -> tensor<f32>
      // expected-error @+1 {{it needs, inside a loop or branch, a sum over the whole batch}}
      %root = stablehlo.sqrt %sum : tensor<f32>
      %roots = stablehlo.broadcast_in_dim %root, dims = [] : (tensor<f32>) -> tensor<64xf32>
      %s1 = stablehlo.divide %s, %roots : tensor<64xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<64xf32>
    }
    return %0#1 : tensor<64xf32>
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
      %any = stablehlo.reduce(%x init: %no) applies stablehlo.or across dimensions = [0] : (tensor<64xi1>, tensor<i1>) -> tensor<i1>
      // expected-error @+1 {{it chooses a branch by a sum over the whole batch}}
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

// -----

module @interleaved_rows {
  func.func @main(%x: tensor<64x3xf32> {mw.role = "batch", mw.index = 0}) -> tensor<192xf32> {
    %0 = stablehlo.transpose %x, dims = [1, 0] : (tensor<64x3xf32>) -> tensor<3x64xf32>
    %1 = stablehlo.reshape %0 : (tensor<3x64xf32>) -> tensor<192xf32>
    // expected-error @+1 {{it returns rows of the batch in an interleaved order; use --microbatches 1 or auto}}
    return %1 : tensor<192xf32>
  }
}

// -----

module @padded_rows {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<68x256xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it works across the rows of the batch}}
    %0 = stablehlo.pad %h, %zero, low = [0, 0], high = [4, 0], interior = [0, 0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<68x256xf32>
    return %0 : tensor<68x256xf32>
  }
}

// -----

// A loop over rows that also reads a finished sum can run neither per microbatch nor after all of them.
module @loop_reads_rows_and_a_sum {
  func.func @main(%w: tensor<256x256xf32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<64x256xf32> {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %start = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    %sum = stablehlo.reduce(%h init: %zero) applies stablehlo.maximum across dimensions = [0] : (tensor<64x256xf32>, tensor<f32>) -> tensor<256xf32>
    %0:2 = stablehlo.while(%t = %start, %s = %h) : tensor<i32>, tensor<64x256xf32>
    cond {
      %p = stablehlo.compare LT, %t, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %p : tensor<i1>
    } do {
      %sums = stablehlo.broadcast_in_dim %sum, dims = [1] : (tensor<256xf32>) -> tensor<64x256xf32>
      // expected-error @+1 {{it needs a value that is complete only after all microbatches}}
      %s1 = stablehlo.subtract %s, %sums : tensor<64x256xf32>
      %t1 = stablehlo.add %t, %one : tensor<i32>
      stablehlo.return %t1, %s1 : tensor<i32>, tensor<64x256xf32>
    }
    return %0#1 : tensor<64x256xf32>
  }
}
