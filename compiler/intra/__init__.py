"""The decision inside a mesh: logical shape and shardings, the memory they need, and what to say when no choice has room."""
