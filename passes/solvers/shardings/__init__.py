"""The intra-operator problem solved: shrink exactly, eliminate, bound, and let python-mip do what is left."""
