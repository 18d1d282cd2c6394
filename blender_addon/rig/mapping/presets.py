"""Bone maps that are kept as presets: files of the same JSON as exported ones, told by their names.

They lie where Blender keeps presets of all kinds, also in a studio's folder of shared scripts.
"""

from __future__ import annotations

import re
from pathlib import Path

from ....shared.errors import RetakeError

FOLDER = "retake/bone_maps"
"""Below the folders of presets that Blender knows."""

UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')
"""What not every system takes in the name of a file."""


def path_of(name: str, folder: Path) -> Path:
    """The file of a preset, there or not. RetakeError if no name is left of `name`."""
    fit = UNFIT.sub("_", name).strip(" .")
    if not fit:
        raise RetakeError("A preset needs a name. Enter one first.")
    return folder / f"{fit}.json"


def remove(path: Path) -> None:
    """RetakeError if it is not there, or may not be removed."""
    try:
        path.unlink()
    except FileNotFoundError:
        raise RetakeError(
            f"'{path.stem}' is none of your own presets; it lies in another folder of scripts."
        ) from None
    except OSError as error:
        raise RetakeError(f"The preset {path} cannot be removed: {error.strerror}.") from None
