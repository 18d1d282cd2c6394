"""Guides: what an animator knows, put into the samples between one denoising step and the next.

Every guide changes clean predictions, so that no model has to be trained for it. They are applied
in the order that `plan.plan` gives: variety, known lengths, the range that may change, pins.
"""
