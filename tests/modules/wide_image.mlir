// One training step of three convolutions and a max-pool on a single image: only its height and width are worth splitting.
module @jit_step attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<3x3x3x5xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<3x3x5x5xf32> {tf.aliasing_output = 1 : i32}, %arg2: tensor<5x5x5x5xf32> {tf.aliasing_output = 2 : i32}, %arg3: tensor<1x64x64x3xf32>, %arg4: tensor<1x5xf32>) -> (tensor<3x3x3x5xf32> {jax.result_info = "result[0]"}, tensor<3x3x5x5xf32> {jax.result_info = "result[1]"}, tensor<5x5x5x5xf32> {jax.result_info = "result[2]"}, tensor<f32> {jax.result_info = "result[3]"}) {
    %0 = stablehlo.convolution(%arg3, %arg0) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x64x64x3xf32>, tensor<3x3x3x5xf32>) -> tensor<1x64x64x5xf32>
    %1 = stablehlo.tanh %0 : tensor<1x64x64x5xf32>
    %cst = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %2 = stablehlo.broadcast_in_dim %cst, dims = [] : (tensor<f32>) -> tensor<1x64x64x5xf32>
    %3 = stablehlo.subtract %2, %1 : tensor<1x64x64x5xf32>
    %4 = stablehlo.convolution(%1, %arg1) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[0, 1], [0, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x64x64x5xf32>, tensor<3x3x5x5xf32>) -> tensor<1x32x32x5xf32>
    %5 = stablehlo.tanh %4 : tensor<1x32x32x5xf32>
    %cst_0 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %6 = stablehlo.broadcast_in_dim %cst_0, dims = [] : (tensor<f32>) -> tensor<1x32x32x5xf32>
    %7 = stablehlo.subtract %6, %5 : tensor<1x32x32x5xf32>
    %cst_1 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %8 = stablehlo.broadcast_in_dim %cst_1, dims = [] : (tensor<f32>) -> tensor<f32>
    %9 = "stablehlo.reduce_window"(%5, %8) <{base_dilations = array<i64: 1, 1, 1, 1>, padding = dense<0> : tensor<4x2xi64>, window_dilations = array<i64: 1, 1, 1, 1>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
    ^bb0(%arg5: tensor<f32>, %arg6: tensor<f32>):
      %57 = stablehlo.maximum %arg5, %arg6 : tensor<f32>
      stablehlo.return %57 : tensor<f32>
    }) : (tensor<1x32x32x5xf32>, tensor<f32>) -> tensor<1x16x16x5xf32>
    %10 = stablehlo.convolution(%9, %arg2) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x5xf32>, tensor<5x5x5x5xf32>) -> tensor<1x16x16x5xf32>
    %11 = stablehlo.tanh %10 : tensor<1x16x16x5xf32>
    %cst_2 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %12 = stablehlo.broadcast_in_dim %cst_2, dims = [] : (tensor<f32>) -> tensor<1x16x16x5xf32>
    %13 = stablehlo.subtract %12, %11 : tensor<1x16x16x5xf32>
    %cst_3 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %14 = stablehlo.reduce(%11 init: %cst_3) applies stablehlo.add across dimensions = [1, 2] : (tensor<1x16x16x5xf32>, tensor<f32>) -> tensor<1x5xf32>
    %cst_4 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %15 = stablehlo.broadcast_in_dim %cst_4, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %16 = stablehlo.divide %14, %15 : tensor<1x5xf32>
    %17 = stablehlo.subtract %16, %arg4 : tensor<1x5xf32>
    %18 = stablehlo.multiply %17, %17 : tensor<1x5xf32>
    %cst_5 = stablehlo.constant dense<2.000000e+00> : tensor<f32>
    %19 = stablehlo.broadcast_in_dim %cst_5, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %20 = stablehlo.multiply %19, %17 : tensor<1x5xf32>
    %cst_6 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %21 = stablehlo.reduce(%18 init: %cst_6) applies stablehlo.add across dimensions = [0, 1] : (tensor<1x5xf32>, tensor<f32>) -> tensor<f32>
    %cst_7 = stablehlo.constant dense<5.000000e+00> : tensor<f32>
    %22 = stablehlo.divide %21, %cst_7 : tensor<f32>
    %cst_8 = stablehlo.constant dense<1.000000e+00> : tensor<f32>
    %cst_9 = stablehlo.constant dense<5.000000e+00> : tensor<f32>
    %23 = stablehlo.divide %cst_8, %cst_9 : tensor<f32>
    %24 = stablehlo.broadcast_in_dim %23, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %25 = stablehlo.multiply %24, %20 : tensor<1x5xf32>
    %cst_10 = stablehlo.constant dense<2.560000e+02> : tensor<f32>
    %26 = stablehlo.broadcast_in_dim %cst_10, dims = [] : (tensor<f32>) -> tensor<1x5xf32>
    %27 = stablehlo.divide %25, %26 : tensor<1x5xf32>
    %28 = stablehlo.broadcast_in_dim %27, dims = [0, 3] : (tensor<1x5xf32>) -> tensor<1x16x16x5xf32>
    %29 = stablehlo.multiply %28, %13 : tensor<1x16x16x5xf32>
    %30 = stablehlo.multiply %29, %11 : tensor<1x16x16x5xf32>
    %31 = stablehlo.add %29, %30 : tensor<1x16x16x5xf32>
    %32 = stablehlo.convolution(%9, %31) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x5xf32>, tensor<1x16x16x5xf32>) -> tensor<5x5x5x5xf32>
    %33 = stablehlo.reverse %arg2, dims = [0, 1] : tensor<5x5x5x5xf32>
    %34 = stablehlo.convolution(%31, %33) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 2], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x16x16x5xf32>, tensor<5x5x5x5xf32>) -> tensor<1x16x16x5xf32>
    %cst_11 = stablehlo.constant dense<0xFF800000> : tensor<f32>
    %35 = stablehlo.pad %5, %cst_11, low = [0, 0, 0, 0], high = [0, 0, 0, 0], interior = [0, 0, 0, 0] : (tensor<1x32x32x5xf32>, tensor<f32>) -> tensor<1x32x32x5xf32>
    %cst_12 = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %36 = "stablehlo.select_and_scatter"(%35, %34, %cst_12) <{padding = dense<0> : tensor<4x2xi64>, window_dimensions = array<i64: 1, 2, 2, 1>, window_strides = array<i64: 1, 2, 2, 1>}> ({
    ^bb0(%arg5: tensor<f32>, %arg6: tensor<f32>):
      %57 = stablehlo.compare GE, %arg5, %arg6, FLOAT : (tensor<f32>, tensor<f32>) -> tensor<i1>
      stablehlo.return %57 : tensor<i1>
    }, {
    ^bb0(%arg5: tensor<f32>, %arg6: tensor<f32>):
      %57 = stablehlo.add %arg5, %arg6 : tensor<f32>
      stablehlo.return %57 : tensor<f32>
    }) : (tensor<1x32x32x5xf32>, tensor<1x16x16x5xf32>, tensor<f32>) -> tensor<1x32x32x5xf32>
    %37 = stablehlo.slice %36 [0:1, 0:32, 0:32, 0:5] : (tensor<1x32x32x5xf32>) -> tensor<1x32x32x5xf32>
    %38 = stablehlo.multiply %37, %7 : tensor<1x32x32x5xf32>
    %39 = stablehlo.multiply %38, %5 : tensor<1x32x32x5xf32>
    %40 = stablehlo.add %38, %39 : tensor<1x32x32x5xf32>
    %41 = stablehlo.convolution(%1, %40) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[0, 1], [0, 1]], lhs_dilate = [1, 1], rhs_dilate = [2, 2], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x64x64x5xf32>, tensor<1x32x32x5xf32>) -> tensor<3x3x5x5xf32>
    %42 = stablehlo.reverse %arg1, dims = [0, 1] : tensor<3x3x5x5xf32>
    %43 = stablehlo.convolution(%40, %42) dim_numbers = [b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f], window = {stride = [1, 1], pad = [[2, 1], [2, 1]], lhs_dilate = [2, 2], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x32x32x5xf32>, tensor<3x3x5x5xf32>) -> tensor<1x64x64x5xf32>
    %44 = stablehlo.multiply %43, %3 : tensor<1x64x64x5xf32>
    %45 = stablehlo.multiply %44, %1 : tensor<1x64x64x5xf32>
    %46 = stablehlo.add %44, %45 : tensor<1x64x64x5xf32>
    %47 = stablehlo.convolution(%arg3, %46) dim_numbers = [f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f], window = {stride = [1, 1], pad = [[1, 1], [1, 1]], lhs_dilate = [1, 1], rhs_dilate = [1, 1], reverse = [false, false]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x64x64x3xf32>, tensor<1x64x64x5xf32>) -> tensor<3x3x3x5xf32>
    %cst_13 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %48 = stablehlo.broadcast_in_dim %cst_13, dims = [] : (tensor<f32>) -> tensor<3x3x3x5xf32>
    %49 = stablehlo.multiply %48, %47 : tensor<3x3x3x5xf32>
    %50 = stablehlo.subtract %arg0, %49 : tensor<3x3x3x5xf32>
    %cst_14 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %51 = stablehlo.broadcast_in_dim %cst_14, dims = [] : (tensor<f32>) -> tensor<3x3x5x5xf32>
    %52 = stablehlo.multiply %51, %41 : tensor<3x3x5x5xf32>
    %53 = stablehlo.subtract %arg1, %52 : tensor<3x3x5x5xf32>
    %cst_15 = stablehlo.constant dense<1.000000e-01> : tensor<f32>
    %54 = stablehlo.broadcast_in_dim %cst_15, dims = [] : (tensor<f32>) -> tensor<5x5x5x5xf32>
    %55 = stablehlo.multiply %54, %32 : tensor<5x5x5x5xf32>
    %56 = stablehlo.subtract %arg2, %55 : tensor<5x5x5x5xf32>
    return %50, %53, %56, %22 : tensor<3x3x3x5xf32>, tensor<3x3x5x5xf32>, tensor<5x5x5x5xf32>, tensor<f32>
  }
}
