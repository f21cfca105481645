"""The run against the whole program on one device."""
