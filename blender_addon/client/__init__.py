"""The way to the server: a network thread, and the process behind it.

Knows neither bpy nor scenes.
"""
