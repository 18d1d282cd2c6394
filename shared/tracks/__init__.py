"""Keypoint files of other trackers: found by their structure, read, and written."""
