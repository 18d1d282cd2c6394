"""Step Choose: which take, per time range and limb group. Knows Blender only at its edges."""
