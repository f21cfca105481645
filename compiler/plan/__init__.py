"""The plan: all that compiler and runtime say to each other, as data on disk, with what must hold of it."""
