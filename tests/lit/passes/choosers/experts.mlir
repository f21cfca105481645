// RUN: %opt %s -p 'assign-roles,microbatch,whole-program,use-machine{machine=a100-dgx mesh=4},choose-shardings{intra=data}' | FileCheck %s --check-prefix=DATA
// RUN: %opt %s -p 'assign-roles,microbatch,mark-phases,choose-stages{stages=1},place,realize,use-machine{machine=a100-dgx mesh=2x2},choose-shardings{intra=megatron}' | FileCheck %s --check-prefix=MEGATRON

// GShard: 8 sequences become 4 groups, whose tokens go to 4 experts by a product over [group, token, expert], and come back.

// Every device has whole groups: the experts' products are split along them, the weights are not.
// DATA:      func.func @main
// DATA-SAME:   "arg1", {{[^>]*}}@mesh, [{}, {}, {}]>
// DATA:        stablehlo.reshape {{.*}}[{"x"}, {}, {}]{{.*}} : (tensor<8x32x64xf32>) -> tensor<4x64x64xf32>
// DATA:        stablehlo.dot_general {{.*}}[{"x"}, {}, {}]{{.*}} -> tensor<4x4x64xf32>
// DATA:        stablehlo.dot_general {{.*}}[{}, {"x"}, {}]{{.*}} -> tensor<4x4x128xf32>
// DATA:        stablehlo.reshape {{.*}}[{"x"}, {}, {}]{{.*}} : (tensor<4x64x128xf32>) -> tensor<8x32x128xf32>

// The tensor-parallel axis is the experts', the other one splits the groups.
// MEGATRON:      func.func private @stage0_forward
// MEGATRON-SAME:   "arg1", {{[^>]*}}@mesh, [{"y"}, {}, {}]>
// MEGATRON:        stablehlo.dot_general {{.*}}[{"y"}, {"x"}, {}]{{.*}} -> tensor<4x4x128xf32>
// MEGATRON:        stablehlo.dot_general {{.*}}[{"x"}, {}, {}], unreduced={"y"}{{.*}} -> tensor<4x64x128xf32>
func.func @main(%x: tensor<8x32x64xf32>, %up: tensor<4x64x128xf32> {tf.aliasing_output = 0 : i32}) -> (tensor<4x64x128xf32>, tensor<8x32x128xf32>) {
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %tokens = stablehlo.reshape %x : (tensor<8x32x64xf32>) -> tensor<4x64x64xf32>
  %some = stablehlo.slice %tokens [0:4, 0:64, 0:4] : (tensor<4x64x64xf32>) -> tensor<4x64x4xf32>
  %routes = stablehlo.tanh %some : tensor<4x64x4xf32>
  %sent = stablehlo.dot_general %routes, %tokens, batching_dims = [0] x [0], contracting_dims = [1] x [1] : (tensor<4x64x4xf32>, tensor<4x64x64xf32>) -> tensor<4x4x64xf32>
  %inputs = stablehlo.transpose %sent, dims = [1, 0, 2] : (tensor<4x4x64xf32>) -> tensor<4x4x64xf32>
  %inner = stablehlo.dot_general %inputs, %up, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<4x4x64xf32>, tensor<4x64x128xf32>) -> tensor<4x4x128xf32>
  %y = stablehlo.dot_general %routes, %inner, batching_dims = [0] x [1], contracting_dims = [2] x [0] : (tensor<4x64x4xf32>, tensor<4x4x128xf32>) -> tensor<4x64x128xf32>
  %out = stablehlo.reshape %y : (tensor<4x64x128xf32>) -> tensor<8x32x128xf32>
  %new = stablehlo.negate %up : tensor<4x64x128xf32>
  return %new, %out : tensor<4x64x128xf32>, tensor<8x32x128xf32>
}
