"""Integers that find a place: counters, boxes at constant places, bounds."""
