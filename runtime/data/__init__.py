"""Arrays in and out: inputs from a file or a seed, results to a file."""
