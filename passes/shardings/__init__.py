"""SHARDINGS: the decision inside a mesh, taken and written on every value."""
