"""A rig as Blender has it: rest pose, limits, place, read into plain arrays."""
