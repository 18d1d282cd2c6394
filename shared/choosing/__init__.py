"""From many samples of one motion to the few answers that an animator chooses from.

Importable inside Blender: standard library and numpy only.
"""
