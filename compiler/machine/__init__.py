"""The machine: what its devices and links do, and how stages, meshes and logical shapes lie on it."""
