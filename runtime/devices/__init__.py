"""Devices: XLA worlds through jaxlib's private surface, element types, and each rank's seat in its mesh."""
