"""The machine room: runs a plan. ``mpirun -np N python -m runtime.launch PLAN``; one rank is one device."""
