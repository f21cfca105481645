"""The path from a StableHLO module to a plan folder."""
