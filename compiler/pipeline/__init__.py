"""Pipelines of passes: their text, their registry, how they run, and what tests expect them to say."""
