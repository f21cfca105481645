"""Seconds of collectives and compute on a logical mesh, and the cheapest way from one sharding to another."""
