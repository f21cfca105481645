"""One step on one device: the instruction list, the buffers, the results, the trace."""
