"""What the add-on, the server and the trainer agree on.

Importable inside Blender: standard library, numpy and msgpack only. Torch lives in `shared.model`.
"""
