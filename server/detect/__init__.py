"""Video -> 2D keypoints, with MediaPipe in a child process. Knows nothing of the wire or of 3D."""
