"""Where the forward part is cut into stages."""
