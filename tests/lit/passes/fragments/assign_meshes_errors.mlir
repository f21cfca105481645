// RUN: %opt %s -p 'assign-meshes{mesh-of=0,1}' --verify-diagnostics
// RUN: not %opt %s -p 'assign-meshes{mesh-of=0,2}' 2>&1 | FileCheck %s

// CHECK: error: pass assign-meshes: got mesh-of=0,2, want meshes from 0 on
// expected-error @unknown {{got 2 meshes, and a fragment is of stage 2; name one mesh a stage}}
module @a_stage_without_a_mesh {
  func.func @main() { return }
  func.func private @stage2_forward() attributes {mw.phase = "forward", mw.stage = 2 : i64} { return }
}
