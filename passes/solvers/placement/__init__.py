"""Which stage every value belongs to, by one linear program."""
