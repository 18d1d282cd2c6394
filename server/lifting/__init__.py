"""From a keypoint track to takes. Knows nothing of the wire."""
