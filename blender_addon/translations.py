# pyright: basic, reportAttributeAccessIssue=false
"""Texts of the interface in other languages, for those who use Blender in one.

A text that is not here is shown in English. What is put together names its parts in braces
(`sidebar.told`), so that a language may order them as it likes.
"""

import bpy

GERMAN = {
    "Clip": "Clip",
    "Track": "Spur",
    "Takes": "Fassungen",
    "Choose": "Auswahl",
    "Rig": "Rig",
    "Corrections": "Korrekturen",
    "Load Clip": "Clip laden",
    "Match Scene": "Szene anpassen",
    "Keep Scene": "Szene behalten",
    "Focal Length": "Brennweite",
    "Shot Camera": "Aufnahmekamera",
    "Try the Sample": "Beispiel ausprobieren",
    "Drop a video here, or try the sample.": "Zieh ein Video hierher oder probiere das Beispiel.",
    "Detect Keypoints": "Punkte erkennen",
    "Drag Keypoints": "Punkte ziehen",
    "Swap Sides": "Seiten tauschen",
    "Sample Takes": "Fassungen berechnen",
    "Apply Take": "Fassung anwenden",
    "Set Up Server": "Server einrichten",
    "Start Server": "Server starten",
    "Copy Diagnostics": "Diagnose kopieren",
    "Frame {first}": "Bild {first}",
    "Frames {first} to {last}": "Bilder {first} bis {last}",
    "and {count} more stretches": "und {count} weitere Abschnitte",
    "{w} x {h}, {count} frames": "{w} x {h}, {count} Bilder",
    "Download: about {mb} MB, from {source}": "Herunterladen: etwa {mb} MB von {source}",
    "On disk: about {gb:.1f} GB": "Auf der Platte: etwa {gb:.1f} GB",
    "Nothing in the keypoints looks hard.": "An den Punkten sieht nichts schwierig aus.",
}

CONTEXTS = ("*", "Operator")
"""Blender looks for the names of operators apart from all other texts."""

_german = {(context, text): told for text, told in GERMAN.items() for context in CONTEXTS}

TABLE = {"de_DE": _german, "de": _german}
"""Blender has called the language both."""


def register() -> None:
    bpy.app.translations.register(__name__, TABLE)


def unregister() -> None:
    bpy.app.translations.unregister(__name__)
