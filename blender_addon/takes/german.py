# ruff: noqa: E501  (a text and its translation are a line)
"""The texts of the step Takes in German."""

TEXTS = {
    "Sample Takes": "Fassungen berechnen",
    "Sample several 3D motions that explain the track. Blender stays usable meanwhile": "Mehrere 3D-Bewegungen berechnen, die die Spur erklären. Blender bleibt dabei benutzbar",
    "Load Takes": "Fassungen laden",
    "Load takes from a file, as `retake lift` and this add-on write it": "Fassungen aus einer Datei laden, wie `retake lift` und dieses Add-on sie schreiben",
    "Load a track first": "Erst eine Spur laden",
    "Load...": "Laden...",
    "Knees bend the wrong way in {:.0%} of the frames": "In {:.0%} der Bilder sind Knie falsch herum gebeugt",
    "Focal (px)": "Brennweite (px)",
    "{:d} takes, {:.1f} s so far": "{:d} Fassungen, bisher {:.1f} s",
    "Standing feet slide {:.0f} cm/s": "Stehende Füße rutschen {:.0f} cm/s",
    "{count} takes are ready": "{count} Fassungen sind fertig",
    "{count} takes of {frames} frames": "{count} Fassungen mit {frames} Bildern",
    "A limb is inside the body in {:.0%} of the frames": "In {:.0%} der Bilder steckt eine Gliedmaße im Körper",
}
