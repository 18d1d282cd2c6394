"""Other programs' keypoint layouts -> the 17 joints of `skeleton.HUMAN36M`."""
