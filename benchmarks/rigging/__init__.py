"""Rigs, measures and other tools' ways of `tasks.py bench rig`."""
