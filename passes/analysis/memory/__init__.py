"""What a device's program needs in memory once XLA has fused it: buffers, copies, liveness."""
