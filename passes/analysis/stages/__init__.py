"""What stages are made of: fragments and what they read and give, ops that each computes for itself, loops over layers."""
