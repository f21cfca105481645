"""CALIBRATE: measure this machine, fit its numbers, write its file."""
