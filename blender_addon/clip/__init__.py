"""The step Clip: a video in Blender, its true rate and rotation, and the camera that shot it."""
