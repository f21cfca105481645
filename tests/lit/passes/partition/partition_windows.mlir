// RUN: %opt %s -p verify-collectives,partition --split-input-file | FileCheck %s

// An image is split by its height. A kernel of 3 reads one row above and one below: each device sends its last row to the next one and
// its first row to the one before. At the ends of the image nothing arrives, which reads as zeros: what the padding was.
// CHECK-LABEL: module @rows_of_an_image
module @rows_of_an_image {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:      manual_axes={"x"} (%[[X:.*]]: tensor<1x4x8x3xf32>, %[[W:.*]]: tensor<3x3x3x5xf32>)
  // CHECK-NEXT:   %[[LAST:.*]] = stablehlo.slice %[[X]] [0:1, 3:4, 0:8, 0:3]
  // CHECK-NEXT:   %[[ABOVE:.*]] = "stablehlo.collective_permute"(%[[LAST]]) {{.*}}source_target_pairs = dense<{{\[\[}}0, 1]]>
  // CHECK-NEXT:   %[[FIRST:.*]] = stablehlo.slice %[[X]] [0:1, 0:1, 0:8, 0:3]
  // CHECK-NEXT:   %[[BELOW:.*]] = "stablehlo.collective_permute"(%[[FIRST]]) {{.*}}source_target_pairs = dense<{{\[\[}}1, 0]]>
  // CHECK-NEXT:   %[[ROWS:.*]] = stablehlo.concatenate %[[ABOVE]], %[[X]], %[[BELOW]], dim = 1 : {{.*}} -> tensor<1x6x8x3xf32>
  // CHECK-NEXT:   stablehlo.convolution(%[[ROWS]], %[[W]]) {{.*}}pad = {{\[\[}}0, 0], [1, 1]]{{.*}} -> tensor<1x4x8x5xf32>
  func.func @main(%x: tensor<1x8x8x3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}, {}, {}]>}, %w: tensor<3x3x3x5xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}, {}, {}]>})
      -> (tensor<1x8x8x5xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}, {}, {}]>}) {
    %y = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {"x"}, {}, {}]>]>} : (tensor<1x8x8x3xf32>, tensor<3x3x3x5xf32>) -> tensor<1x8x8x5xf32>
    return %y : tensor<1x8x8x5xf32>
  }
}

// -----

// The padding of a max-pool is minus infinity, not zero: the devices at the ends put it in the place of the zeros that they got.
// CHECK-LABEL: module @max_pool
module @max_pool {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:      %[[LOWEST:.*]] = stablehlo.constant dense<0xFF800000>
  // CHECK:      %[[ABOVE:.*]] = "stablehlo.collective_permute"
  // CHECK:      %[[FIRST:.*]] = stablehlo.compare EQ
  // CHECK-NEXT: %[[FILL:.*]] = stablehlo.broadcast_in_dim %[[LOWEST]]
  // CHECK-NEXT: %[[MASKED:.*]] = stablehlo.select %[[FIRST]], %[[FILL]], %[[ABOVE]]
  // CHECK:      stablehlo.concatenate %[[MASKED]], {{.*}} -> tensor<1x6x8x3xf32>
  // CHECK-NEXT: "stablehlo.reduce_window"{{.*}}padding = dense<{{\[\[}}0, 0], [0, 0], [1, 1], [0, 0]]>
  func.func @main(%x: tensor<1x8x8x3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}, {}, {}]>}) -> (tensor<1x8x8x3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}, {}, {}]>}) {
    %i = stablehlo.constant {sdy.sharding = #sdy.sharding_per_value<[<@mesh, []>]>} dense<0xFF800000> : tensor<f32>
    %y = "stablehlo.reduce_window"(%x, %i) <{window_dimensions = array<i64: 1, 3, 3, 1>, padding = dense<[[0, 0], [1, 1], [1, 1], [0, 0]]> : tensor<4x2xi64>}> ({
    ^bb0(%p: tensor<f32>, %q: tensor<f32>):
      %s = stablehlo.maximum %p, %q : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) {sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {"x"}, {}, {}]>]>} : (tensor<1x8x8x3xf32>, tensor<f32>) -> tensor<1x8x8x3xf32>
    return %y : tensor<1x8x8x3xf32>
  }
}

// -----

// The kernel's gradient sums over the whole image: each device sums over its own rows of %dy, and one all-reduce adds the parts.
// CHECK-LABEL: module @gradient_of_a_kernel
module @gradient_of_a_kernel {
  sdy.mesh @mesh = <["x"=2]>
  // CHECK:      manual_axes={"x"} (%[[X:.*]]: tensor<1x4x8x3xf32>, %[[DY:.*]]: tensor<1x4x8x5xf32>)
  // CHECK-COUNT-2: stablehlo.collective_permute
  // CHECK:      %[[ROWS:.*]] = stablehlo.concatenate {{.*}} -> tensor<1x6x8x3xf32>
  // CHECK-NEXT: %[[PART:.*]] = stablehlo.convolution(%[[ROWS]], %[[DY]]) {{.*}} -> tensor<3x3x3x5xf32>
  // CHECK-NEXT: "stablehlo.all_reduce"(%[[PART]])
  func.func @main(%x: tensor<1x8x8x3xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}, {}, {}]>}, %dy: tensor<1x8x8x5xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {"x"}, {}, {}]>})
      -> (tensor<3x3x3x5xf32> {sdy.sharding = #sdy.sharding<@mesh, [{}, {}, {}, {}]>}) {
    %dw = stablehlo.convolution(%x, %dy) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {pad = [[1, 1], [1, 1]]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, sdy.sharding = #sdy.sharding_per_value<[<@mesh, [{}, {}, {}, {}], unreduced={"x"}>]>} : (tensor<1x8x8x3xf32>, tensor<1x8x8x5xf32>) -> tensor<3x3x3x5xf32>
    %0 = sdy.reshard %dw <@mesh, [{}, {}, {}, {}]> : tensor<3x3x3x5xf32>
    return %0 : tensor<3x3x3x5xf32>
  }
}
