"""A bone map as JSON: in the armature's data, and as a file that one can share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from ....shared.atomic import replaced_file
from ....shared.errors import RetakeError
from .map_slots import SLOTS, Slots

FORMAT = "retake bone map"
VERSION = 1

LONGEST_FILE = 1_000_000
"""Bytes. A map has about a thousand; nobody waits for a wrong file to be read."""


def to_json(slots: Slots, rig: str) -> str:
    """`rig` is for people who read it. Slots without a bone are written as empty."""
    bones = {slot: slots.bones.get(slot, "") for slot in SLOTS}
    sure = {slot: round(value, 3) for slot, value in slots.sure.items()}
    content = {"format": FORMAT, "version": VERSION, "rig": rig, "bones": bones, "sure": sure}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, source: str) -> Slots:
    """RetakeError that names `source` and what is wrong in it."""
    try:
        raw: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RetakeError(f"{source} is not JSON: {error}.") from None
    if not isinstance(raw, dict) or cast(dict[str, Any], raw).get("format") != FORMAT:
        raise RetakeError(f'{source} is no bone map: expected "format": "{FORMAT}".')
    content = cast(dict[str, Any], raw)
    if content.get("version") != VERSION:
        raise RetakeError(
            f"{source} is a bone map of version {content.get('version')}; this Retake reads "
            f"version {VERSION}."
        )
    bones = _entries(content, "bones", source)
    sure = _entries(content, "sure", source)
    for slot, bone in bones.items():
        if not isinstance(bone, str):
            raise RetakeError(f"{source}: the bone of '{slot}' must be a name, or empty.")
    for slot, value in sure.items():
        if type(value) not in (int, float) or not 0 <= value <= 1:
            raise RetakeError(f"{source}: 'sure' of '{slot}' must be a number from 0 to 1.")
    return Slots({slot: bone for slot, bone in bones.items() if bone}, sure)


def _entries(content: dict[str, Any], name: str, source: str) -> dict[str, Any]:
    """An object with slots as keys; a file may leave it out."""
    found = content.get(name, {})
    if not isinstance(found, dict):
        raise RetakeError(f"{source}: '{name}' must be an object with a value per part.")
    entries = cast(dict[str, Any], found)
    unknown = set(entries) - set(SLOTS)
    if unknown:
        raise RetakeError(
            f"{source}: there is no part '{min(unknown)}' in a bone map; "
            f"expected {', '.join(SLOTS)}."
        )
    return entries


def save(slots: Slots, rig: str, path: Path) -> None:
    """RetakeError if the file cannot be written."""
    try:
        with replaced_file(path) as part:
            part.write_text(to_json(slots, rig), encoding="utf-8")
    except OSError as error:
        raise RetakeError(f"The bone map {path} cannot be written: {error.strerror}.") from None


def load(path: Path) -> Slots:
    """RetakeError for a file that is missing or holds no bone map."""
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_FILE).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RetakeError(f"The bone map {path} cannot be read: {error}.") from None
    return from_json(text, path.name)
