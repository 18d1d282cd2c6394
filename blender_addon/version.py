"""The add-on's own version: the same as the package's and the manifest's, which a test compares."""

VERSION = "0.1.0"
