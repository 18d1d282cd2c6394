"""The Blender extension.

Importing it touches no Blender: its rig, take and client parts also run without.

Blender calls `register` and `unregister`, which the root of the zip re-exports.
"""

from __future__ import annotations


def register() -> None:
    from . import registration

    registration.register()


def unregister() -> None:
    from . import registration

    registration.unregister()
