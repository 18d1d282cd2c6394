"""Training and evaluation, headless. No Blender, no server."""
