"""REALIZE: each phase of each stage becomes a function of its own."""
