"""From what users have to one checked StableHLO module in our context. Only ``jax.py`` may import jax."""
