"""TRANSFERS: what values between meshes cost on the machine's wires, and how they land: sent once, spread where they are read."""
