"""Calibration's measurements, on all ranks at once."""
