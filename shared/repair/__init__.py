"""A keypoint track mended: exchanged sides, jumps and short gaps. All of it can be undone."""
