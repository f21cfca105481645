"""How values move between meshes. ``mpi`` is the one that CPU jobs use."""
