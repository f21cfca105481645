// RUN: %opt %s -p 'microbatch{microbatches=4}' --split-input-file --verify-diagnostics

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

// A permutation that is made in the step: the message says that it is the index that couples.
module @rows_picked_by_index {
  func.func @main(%w: tensor<256x256xf32>, %i: tensor<64x1xi32>, %x: tensor<64x256xf32> {mw.role = "batch", mw.index = 1}) -> tensor<64x256xf32> {
    %h = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0] : (tensor<64x256xf32>, tensor<256x256xf32>) -> tensor<64x256xf32>
    // expected-error @+1 {{it picks by an index among all rows of the batch}}
    %0 = "stablehlo.gather"(%h, %i) <{dimension_numbers = #stablehlo.gather<offset_dims = [1], collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 256>}> : (tensor<64x256xf32>, tensor<64x1xi32>) -> tensor<64x256xf32>
    return %0 : tensor<64x256xf32>
  }
}
