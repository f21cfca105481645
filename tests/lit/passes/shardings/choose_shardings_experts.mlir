// RUN: %opt %s -p 'use-machine{machine=v100-p3.16xlarge mesh=4 memory=450MB},choose-shardings' --split-input-file | FileCheck %s

// Experts of 537 MB on devices of 450 MB: each device has 4 of the 16 experts. The tokens are on every device, so each takes its
// experts' without asking, and one all-to-all brings the results back. GShard's expert parallelism (arXiv:2006.16668, section 3.2).
// CHECK-LABEL: module @experts
// CHECK:       func.func private @forward
// CHECK-SAME:    "arg1", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// CHECK:         stablehlo.dot_general {{.*}}<@mesh, [{}, {"x"}, {}, {}]>
// CHECK-NEXT:    stablehlo.transpose {{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    stablehlo.dot_general {{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    stablehlo.tanh
// CHECK-NEXT:    %[[O:.*]] = stablehlo.dot_general {{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    %[[G:.*]] = sdy.reshard %[[O]] <@mesh, [{}, {}, {}, {"x"}]>
// CHECK-NEXT:    stablehlo.dot_general %{{.*}}, %[[G]], {{.*}}<@mesh, [{}, {}, {"x"}]>
// CHECK-NEXT:    return
module @experts {
  func.func @main() { return }
  func.func private @forward(%x: tensor<16x1024x1024xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %mask: tensor<16x1024x16x128xf16> {mw.value = "v1", mw.value_dim = 0 : i64},
      %up: tensor<16x1024x8192xf16> {mw.value = "arg1", mw.value_dim = -1 : i64}, %down: tensor<16x8192x1024xf16> {mw.value = "arg2", mw.value_dim = -1 : i64})
      -> (tensor<16x1024x1024xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %d = stablehlo.dot_general %mask, %x, batching_dims = [0] x [0], contracting_dims = [1] x [1] : (tensor<16x1024x16x128xf16>, tensor<16x1024x1024xf16>) -> tensor<16x16x128x1024xf16>
    %t = stablehlo.transpose %d, dims = [1, 0, 2, 3] : (tensor<16x16x128x1024xf16>) -> tensor<16x16x128x1024xf16>
    %h = stablehlo.dot_general %t, %up, batching_dims = [0] x [0], contracting_dims = [3] x [1] : (tensor<16x16x128x1024xf16>, tensor<16x1024x8192xf16>) -> tensor<16x16x128x8192xf16>
    %a = stablehlo.tanh %h : tensor<16x16x128x8192xf16>
    %o = stablehlo.dot_general %a, %down, batching_dims = [0] x [0], contracting_dims = [3] x [1] : (tensor<16x16x128x8192xf16>, tensor<16x8192x1024xf16>) -> tensor<16x16x128x1024xf16>
    %y = stablehlo.dot_general %mask, %o, batching_dims = [0] x [1], contracting_dims = [2, 3] x [0, 2] : (tensor<16x1024x16x128xf16>, tensor<16x16x128x1024xf16>) -> tensor<16x1024x1024xf16>
    return %y : tensor<16x1024x1024xf16>
  }
}

// -----

// The same behind a layer that works on groups of tokens, each device on its own: what the groups send goes to the devices that have
// the experts by one all-to-all, and comes back by another. GShard's dispatch and combine (arXiv:2006.16668, section 3.2).
// (1022 features cannot be split by 4; with 1024, the same two all-to-alls from and to features cost the same.)
// CHECK-LABEL: module @dispatch_and_combine
// CHECK:       func.func private @forward
// CHECK-SAME:    "batch0", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// CHECK-SAME:    "arg2", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// CHECK-SAME:    "arg3", {{[^>]*}}@mesh, [{"x"}, {}, {}]>
// CHECK:         %[[D:.*]] = stablehlo.dot_general {{.*}}batching_dims = [0] x [0], {{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    %[[S:.*]] = sdy.reshard %[[D]] <@mesh, [{}, {"x"}, {}, {}]>
// CHECK-NEXT:    stablehlo.transpose %[[S]], {{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    stablehlo.dot_general {{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    stablehlo.tanh
// CHECK-NEXT:    %[[O:.*]] = stablehlo.dot_general {{.*}}<@mesh, [{"x"}, {}, {}, {}]>
// CHECK-NEXT:    %[[B:.*]] = sdy.reshard %[[O]] <@mesh, [{}, {"x"}, {}, {}]>
// CHECK-NEXT:    stablehlo.dot_general %{{.*}}, %[[B]], {{.*}}<@mesh, [{"x"}, {}, {}]>
module @dispatch_and_combine {
  func.func @main() { return }
  func.func private @forward(%x: tensor<16x1024x1022xf16> {mw.value = "batch0", mw.value_dim = 0 : i64}, %mask: tensor<16x1024x16x128xf16> {mw.value = "v1", mw.value_dim = 0 : i64},
      %w: tensor<1022x1022xf16> {mw.value = "arg1", mw.value_dim = -1 : i64},
      %up: tensor<16x1022x8192xf16> {mw.value = "arg2", mw.value_dim = -1 : i64}, %down: tensor<16x8192x1022xf16> {mw.value = "arg3", mw.value_dim = -1 : i64})
      -> (tensor<16x1024x1022xf16> {mw.value = "v0", mw.value_dim = 0 : i64}) attributes {mw.phase = "forward", mw.stage = 0 : i64, mw.level = 0 : i64} {
    %g = stablehlo.dot_general %x, %w, contracting_dims = [2] x [0] : (tensor<16x1024x1022xf16>, tensor<1022x1022xf16>) -> tensor<16x1024x1022xf16>
    %r = stablehlo.tanh %g : tensor<16x1024x1022xf16>
    %d = stablehlo.dot_general %mask, %r, batching_dims = [0] x [0], contracting_dims = [1] x [1] : (tensor<16x1024x16x128xf16>, tensor<16x1024x1022xf16>) -> tensor<16x16x128x1022xf16>
    %t = stablehlo.transpose %d, dims = [1, 0, 2, 3] : (tensor<16x16x128x1022xf16>) -> tensor<16x16x128x1022xf16>
    %h = stablehlo.dot_general %t, %up, batching_dims = [0] x [0], contracting_dims = [3] x [1] : (tensor<16x16x128x1022xf16>, tensor<16x1022x8192xf16>) -> tensor<16x16x128x8192xf16>
    %a = stablehlo.tanh %h : tensor<16x16x128x8192xf16>
    %o = stablehlo.dot_general %a, %down, batching_dims = [0] x [0], contracting_dims = [3] x [1] : (tensor<16x16x128x8192xf16>, tensor<16x8192x1022xf16>) -> tensor<16x16x128x1022xf16>
    %y = stablehlo.dot_general %mask, %o, batching_dims = [0] x [1], contracting_dims = [2, 3] x [0, 2] : (tensor<16x1024x16x128xf16>, tensor<16x16x128x1022xf16>) -> tensor<16x1024x1022xf16>
    %s = stablehlo.add %r, %y : tensor<16x1024x1022xf16>
    return %s : tensor<16x1024x1022xf16>
  }
}
