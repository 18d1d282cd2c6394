"""Feet and the floor: when they stand, where, and how the body follows."""
