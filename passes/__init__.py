"""One thought per file: transforms are verbs, analyses nouns, validators verify-*. Here: what a pass is, and MLIR's own."""
