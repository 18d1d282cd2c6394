# pyright: basic, reportAttributeAccessIssue=false
"""Texts of the interface in other languages, for those who use Blender in one.

A text that is not in the table is shown in English. What is put together names its parts in braces
(`sidebar.told`), so that a language may order them as it likes.
"""

import bpy

from .german import GERMAN

CONTEXTS = ("*", "Operator")
"""Blender looks for the names of operators apart from all other texts."""

_german = {(context, text): told for text, told in GERMAN.items() for context in CONTEXTS}

TABLE = {"de_DE": _german, "de": _german}
"""Blender has called the language both."""


def register() -> None:
    bpy.app.translations.register(__name__, TABLE)


def unregister() -> None:
    bpy.app.translations.unregister(__name__)
