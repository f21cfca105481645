"""What the words mean: the MLIR context, typed views of the dialects, our attribute table, and the two kinds of error."""
