"""Measuring models: the field's protocols, and our own on virtual cameras."""
