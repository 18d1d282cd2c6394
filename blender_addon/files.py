# pyright: basic, reportAttributeAccessIssue=false
"""Where the files of a scene lie: beside the .blend, before its first save in the extension's own
folder, or packed into the .blend.

A packed file is a custom property of a text datablock: unlike a scene, Blender does not evaluate
texts, and copies, appends, links and undoes them with whatever points to them. It does not know
what is in the files.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import bpy

from ..shared.atomic import replaced_file
from ..shared.errors import RetakeError
from .preferences import EXTENSION_ID

CONTENT, DIGEST = "retake_file", "retake_sha256"
"""Custom properties of a text that carries a file."""

TELLS = "This text carries a file of Retake. To get it out: Retake > Takes > Files > Unpack.\n"


def user_folder(name: str) -> Path:
    """A folder of the extension's own that survives updates."""
    return Path(bpy.utils.extension_path_user(EXTENSION_ID, path=name, create=True))


def folder_beside(blend: str) -> Path:
    """Where the files of a saved .blend lie."""
    return Path(blend).with_suffix(".retake")


def folder() -> Path:
    """Where new files go. RetakeError if it cannot be made."""
    blend = bpy.data.filepath
    place = folder_beside(blend) if blend else user_folder("takes")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetakeError(f"The folder {place} cannot be made: {error.strerror}.") from None
    return place


def relative(path: Path, blend: str) -> str:
    """Relative to the .blend if it lies beside it, so that both can be moved together."""
    beside = bool(blend) and path.is_relative_to(Path(blend).parent)
    return bpy.path.relpath(str(path), start=str(Path(blend).parent)) if beside else str(path)


def found(path: str, packed) -> Path:
    """The file that a scene knows by `path`, wherever it is now; `path` itself if it is nowhere.

    Saving may have moved it beside the .blend after the path was written, or before an undo. What
    is only packed is laid out in the extension's folder. RetakeError if that fails.
    """
    file = Path(bpy.path.abspath(path))
    if file.is_file():
        return file
    if blend := bpy.data.filepath:
        beside = folder_beside(blend) / file.name
        if beside.is_file():
            return beside
    return _laid_out(packed) if is_packed(packed) else file


def is_packed(text) -> bool:
    return text is not None and CONTENT in text and DIGEST in text


def pack(path: Path, old):
    """A text with the content of the file: `old`, if it carries just that. RetakeError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RetakeError(f"{path} cannot be packed: {error.strerror or error}.") from None
    digest = hashlib.sha256(content).hexdigest()
    if is_packed(old) and old[DIGEST] == digest:
        return old
    text = bpy.data.texts.new(path.name)
    text.use_fake_user = False
    text.write(TELLS)
    text[CONTENT], text[DIGEST] = content, digest
    return text


def unpack(text, path: Path) -> Path:
    """Write the file to `path`, or beside it if another file has its name. RetakeError."""
    content = _content(text)
    try:
        if path.is_file() and path.read_bytes() != content:
            path = path.with_stem(f"{path.stem}-{text[DIGEST][:8]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_file(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise RetakeError(f"{path} could not be written: {error.strerror or error}.") from None
    return path


def drop(text) -> None:
    """Remove a text that carried a file, if nothing points to it any more."""
    if is_packed(text) and text.users == 0:
        bpy.data.texts.remove(text)


def packed_mb(text) -> float:
    return len(text[CONTENT]) / 1e6 if is_packed(text) else 0.0


def _laid_out(text) -> Path:
    """Named by its content, so that it is written once and never stale."""
    digest = str(text[DIGEST])
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise RetakeError(f"The file packed in the text '{text.name}' is damaged.")
    path = user_folder("unpacked") / f"{digest}.npz"
    return path if path.is_file() else unpack(text, path)


def _content(text) -> bytes:
    """RetakeError if it is not what was packed."""
    content = text[CONTENT]
    if not isinstance(content, bytes) or hashlib.sha256(content).hexdigest() != text[DIGEST]:
        raise RetakeError(f"The file packed in the text '{text.name}' is damaged.")
    return content
