"""Problem in, solution out: plain Python, numpy and python-mip; nothing here knows MLIR."""
