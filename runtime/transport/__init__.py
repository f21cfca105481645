"""How values move between meshes: ``mpi`` through the hosts, ``nccl`` from GPU to GPU."""
