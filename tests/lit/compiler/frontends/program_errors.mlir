// RUN: %opt %s --program --split-input-file --verify-diagnostics

// expected-error @unknown {{got the dynamic shape tensor<?x4xf32>; export with static shapes}}
func.func @main(%dynamic_argument: tensor<?x4xf32>) {
  return
}

// -----

// expected-error @unknown {{got the dynamic shape tensor<?xf32>; export with static shapes}}
func.func @main(%x: tensor<4xf32>) -> tensor<?xf32> {
  %dynamic_result = stablehlo.custom_call @TopK(%x) : (tensor<4xf32>) -> tensor<?xf32>
  return %dynamic_result : tensor<?xf32>
}

// -----

func.func @main(%n: tensor<1xi32>, %x: tensor<f32>) -> tensor<4xf32> {
  // expected-error @+1 {{got the dynamic shape tensor<?xf32>; export with static shapes}}
  %0 = stablehlo.dynamic_broadcast_in_dim %x, %n, dims = [] : (tensor<f32>, tensor<1xi32>) -> tensor<?xf32>
  %1 = stablehlo.custom_call @TopK(%0) : (tensor<?xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// expected-error @unknown {{the program has ordered effects (a token); remove io_callback and ordered debug prints}}
func.func @main(%token: !stablehlo.token) {
  return
}

// -----

// expected-error @unknown {{got the type tuple<tensor<f32>>; export with flat arguments and results instead of tuples}}
func.func @main(%tuple: tuple<tensor<f32>>) {
  return
}

// -----

// expected-error @unknown {{got the type index, want a tensor; want StableHLO}}
func.func @main(%not_a_tensor: index) {
  return
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{got op math.exp of dialect math, want StableHLO; convert the program to StableHLO, CHLO or sdy first}}
  %foreign = math.exp %x : tensor<4xf32>
  return %foreign : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{Dialect `tosa' not found for custom op 'tosa.exp'; want StableHLO, CHLO or sdy: convert the program first}}
  %unknown_dialect = tosa.exp %x : tensor<4xf32>
  return %unknown_dialect : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{the program calls back into Python (custom_call @xla_ffi_python_cpu_callback); remove pure_callback}}
  %callback = stablehlo.custom_call @xla_ffi_python_cpu_callback(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %callback : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{got custom_call @unknown_call, which is not on the list of known calls; write it in StableHLO ops}}
  %unknown_call = stablehlo.custom_call @unknown_call(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %unknown_call : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{custom_call @mw.collect is a mark of Meshwright's own passes; export the program again}}
  %forged = stablehlo.custom_call @mw.collect(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %forged : tensor<4xf32>
}

// -----

func.func @main() -> tensor<ui32> {
  // expected-error @+1 {{the program already says which device does what (shard_map, pmap or a collective)}}
  %across_devices = stablehlo.partition_id : tensor<ui32>
  return %across_devices : tensor<ui32>
}

// -----

func.func @main() -> tensor<4xf32> {
  %token = "stablehlo.custom_call"() <{call_target_name = "t"}> : () -> tensor<4xf32>
  // expected-error @+1 {{not a valid module: use of undeclared SSA value name}}
  return %nothing : tensor<4xf32>
}

// -----

// expected-error @unknown {{got 2 public functions and none is @main: @forward, @backward; export the training step as the one public function}}
func.func @forward() {
  return
}
func.func @backward() {
  return
}

// -----

// expected-error @unknown {{got no public function and none is @main: @helper; export}}
func.func private @helper() {
  return
}

// -----

// expected-error @unknown {{function @main has no body}}
func.func private @main(tensor<f32>)

// -----

// expected-error @unknown {{got modules inside a module, want one module with a function @main}}
module {
  module @one {
    func.func @main() {
      return
    }
  }
}

// -----

// expected-error @unknown {{got no function, want one module with a function @main}}
module @empty {
}

// -----

func.func @main() {
  return
}
// expected-error @+1 {{not a valid module: redefinition of symbol named 'main'}}
func.func @main() {
  return
}

// -----

// expected-error @unknown {{argument 0 is the dimension 'batch'; export with static shapes}}
func.func @main(%dimension: tensor<i32> {jax.global_constant = "batch"}) {
  return
}
