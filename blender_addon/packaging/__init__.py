"""Builds the extension's zip from the checkout.

Standard library only; never part of the zip itself.
"""
