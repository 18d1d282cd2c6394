"""From joint positions to the rotations of a rig's bones."""
