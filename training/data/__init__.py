"""Data sets: foreign files brought into one format, and that format read. Knows no models."""
