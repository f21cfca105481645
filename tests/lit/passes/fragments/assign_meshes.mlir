// RUN: %opt %s -p 'assign-meshes{mesh-of=0,1,1}' | FileCheck %s

module {
  // @main is no fragment.
  // CHECK-LABEL: func.func @main
  // CHECK-NOT:   mw.mesh
  func.func @main() { return }

  // CHECK-LABEL: func.func private @alone_on_its_mesh
  // CHECK-SAME:  mw.mesh = 0 : i64
  func.func private @alone_on_its_mesh() attributes {mw.phase = "forward", mw.stage = 0 : i64} { return }

  // CHECK-LABEL: func.func private @shares_a_mesh
  // CHECK-SAME:  mw.mesh = 1 : i64
  func.func private @shares_a_mesh() attributes {mw.phase = "forward", mw.stage = 1 : i64} { return }

  // CHECK-LABEL: func.func private @shares_it_too
  // CHECK-SAME:  mw.mesh = 1 : i64
  func.func private @shares_it_too() attributes {mw.phase = "update", mw.stage = 2 : i64} { return }
}
