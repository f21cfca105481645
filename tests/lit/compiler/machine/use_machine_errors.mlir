// RUN: %opt %s -p 'use-machine{machine=a100-dgx mesh=2x4}' --verify-diagnostics

// expected-error @unknown {{the module has sdy.mesh @mesh = <["x"=4, "y"=2]> already, want sdy.mesh @mesh = <["x"=2, "y"=4]>}}
module @another_mesh {
  sdy.mesh @mesh = <["x"=4, "y"=2]>
}
