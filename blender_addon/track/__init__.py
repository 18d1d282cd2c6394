"""Step Track: 2D keypoints of the clip."""
