"""Opens another tracker's file or folder, whatever its name: the structure tells what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import RetakeError
from ..keypoints import MOST_FRAMES, KeypointTrack
from .json_forms import FORMS, Pages, in_order
from .npz_forms import custom_set, detectron
from .object_npz import MOST_BYTES, read_arrays
from .own_form import FIELDS, own_sightings
from .sightings import Sightings, damaged
from .tables import deeplabcut, read_text, yolo_labels

_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"

KNOWN = (
    "OpenPose, AlphaPose, MMPose, Sapiens or COCO JSON, Ultralytics JSON or labels, "
    "DeepLabCut CSV, a VideoPose3D .npz, or a keypoint track of Retake"
)


def open_sightings(path: Path) -> Sightings:
    """The people in a tracker's file, or in a folder with one file per frame.

    Raises RetakeError for anything else, in a sentence that names what is known.
    """
    try:
        pages = _pages(path)
    except OSError as error:
        raise RetakeError(f"{path} could not be read: {error.strerror or error}.") from None
    if pages[0][1].startswith(_ZIP):
        return _npz(path)
    if pages[0][1].startswith(_HDF5):
        raise RetakeError(f"{path} is an HDF5 file. Save it as CSV in DeepLabCut, and give that.")
    texts = [(name, read_text(content)) for name, content in pages]
    found = _of_json(texts) if texts[0][1].lstrip()[:1] in ("{", "[") else _of_table(texts)
    if found is None:
        raise RetakeError(f"{path} is no keypoint file that is known. Expected {KNOWN}.")
    return found


def _pages(path: Path) -> list[tuple[str, bytes]]:
    """(name, content) of the file, or of those of the folder that belong together."""
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise RetakeError(f"There is no file {path}.")
    if not path.is_file():
        raise RetakeError(f"{path} is not a file; expected {KNOWN}.")
    if path.stat().st_size > MOST_BYTES:
        raise RetakeError(f"{path} has over {MOST_BYTES >> 30} GiB. Cut the clip.")
    content = path.read_bytes()
    if not content.strip():
        raise RetakeError(f"{path} is empty; expected {KNOWN}.")
    return [(path.name, content)]


def _folder(path: Path) -> list[tuple[str, bytes]]:
    """JSON files if there are any, else text files."""
    for ending in (".json", ".txt"):
        names = [p.name for p in path.iterdir() if p.suffix.lower() == ending and p.is_file()]
        if len(names) > MOST_FRAMES:
            raise RetakeError(f"{path} has over {MOST_FRAMES} files. Cut the clip.")
        if names:
            pages = [(name, (path / name).read_bytes()) for name in in_order(iter(names))]
            return [(name, content) for name, content in pages if content.strip()] or [
                (names[0], b"[]")
            ]
    raise RetakeError(f"There is no .json or .txt file in the folder {path}.")


def _npz(path: Path) -> Sightings:
    arrays = read_arrays(path)
    if set(arrays) >= FIELDS:
        return own_sightings(KeypointTrack.load(path))
    found = detectron(arrays) or custom_set(arrays)
    if found is None:
        names = ", ".join(sorted(arrays)[:5]) or "nothing"
        raise RetakeError(f"{path} is no keypoint file that is known: it holds {names}.")
    return found


def _of_json(texts: list[tuple[str, str]]) -> Sightings | None:
    pages: Pages = [(name, _parsed(text)) for name, text in texts]
    for form in FORMS:
        try:
            if (found := form(pages)) is not None:
                return found
        except (AttributeError, KeyError, TypeError):
            raise damaged("JSON", "a value is not of the kind that belongs there") from None
    return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise damaged("JSON", "it is cut off, or its brackets do not match") from None


def _of_table(texts: list[tuple[str, str]]) -> Sightings | None:
    return (deeplabcut(texts[0][1]) if len(texts) == 1 else None) or yolo_labels(texts)
