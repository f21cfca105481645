"""MICROBATCH: time is a mesh axis; the program runs on 1/M of the batch, and what accumulates is marked."""
