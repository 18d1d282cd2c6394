"""Setting the server up from inside Blender: an environment of its own, made by one button."""
