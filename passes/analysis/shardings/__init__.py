"""The intra-operator problem read from the fragments of a mesh: a graph of choices, its prices, its memory rows."""
