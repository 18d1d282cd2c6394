"""Any folder of BVH files into our format: `retake prepare bvh`.

Skeletons differ in names and in where their joints sit; `NAMES` knows the common ones. A BVH file
has no unit: the body is scaled to a plausible size unless the unit is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ...shared.arrays import Floats64
from ...shared.errors import RetakeError
from ...shared.skeleton import HUMAN36M
from .bvh_file import Bvh, read_bvh
from .motion_set import Clip, new_set
from .positions import at_model_rate

NAMES: dict[str, tuple[str, ...]] = {
    "hips": ("upleg", "thigh", "upperleg", "hip", "hipjoint"),
    "knee": ("leg", "shin", "knee", "lowerleg", "calf"),
    "foot": ("ankle", "foot"),
    "neck": ("neck", "neck1", "neck01", "lowerneck"),
    "head": ("head",),
    "shoulder": ("arm", "shldr", "upperarm", "uparm", "humerus", "shoulder"),
    "elbow": ("forearm", "lowarm", "lowerarm", "elbow", "radius"),
    "wrist": ("wrist", "hand"),
}
"""Part of the body -> its names without side and prefix, in lower case, the likeliest first.

They cover the CMU set (amc2bvh, Daz), Mixamo, MotionBuilder, Biped, SMPL, Unreal and Xsens."""

STATURE = 1.7
"""Metres of the body a file without a unit is scaled to."""
STATURE_OF_LEG = 2.05
"""Stature over the length of thigh and shin (Drillis and Contini 1966)."""
SPINE_PART = 0.48
FACE_FORWARD, FACE_UP, CROWN_UP = 0.055, 0.02, 0.11
"""Metres: from the head's joint to Human3.6M's Neck/Nose, and from there to its Head."""


@dataclass(frozen=True)
class Settings:
    """unit: metres per unit of the files, None to scale each file to `STATURE`. up: y or z."""

    unit: float | None = None
    up: str = "y"
    val: tuple[str, ...] = ()
    test: tuple[str, ...] = ()


def prepare(folder: Path, out: Path, settings: Settings) -> list[str]:
    """Writes `out` from all .bvh files below `folder`; returns a line for each that did not fit.

    The subject is the name of the file's folder, or in a flat folder the file's name up to its
    first underscore. RetakeError if there is no usable file.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".bvh")
    if not files:
        raise RetakeError(f"There is no .bvh file in {folder} or below it.")
    refused: list[str] = []
    about = {"name": f"BVH files of {folder.name}", "keypoints": "virtual cameras"}
    with new_set(out, HUMAN36M, "world", about) as writer:
        for path in tqdm(files, unit="file"):
            try:
                world = motion(read_bvh(path), settings)
            except RetakeError as error:
                refused.append(f"{path.name}: {error}")
                continue
            subject = subject_of(path, folder)
            writer.add(
                Clip(
                    name=path.stem,
                    subject=subject,
                    action="",
                    split=_split(subject, settings),
                    frames=0,
                ),
                world,
            )
    return refused


def subject_of(path: Path, folder: Path) -> str:
    return path.parent.name if path.parent != folder else path.stem.split("_")[0]


def _split(subject: str, settings: Settings) -> str:
    if subject in settings.test:
        return "test"
    return "val" if subject in settings.val else "train"


def motion(bvh: Bvh, settings: Settings) -> Floats64:
    """World positions (F, 17, 3) at 50 fps, metres, y up, the lowest ankle's floor at y = 0."""
    index = joint_indices([joint.name for joint in bvh.joints])
    positions, rotations = bvh.poses()
    rest = bvh.at_rest()
    if settings.up == "z":  # (x, y, z up) -> (x, z, -y)
        turn = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
        positions, rotations, rest = positions @ turn.T, turn @ rotations, rest
    scale = settings.unit or _guess_unit(positions, index)
    joints = _seventeen(positions * scale, rotations[:, index["head"]], rest, index)
    heads, feet = joints[:, 10, 1].mean(), joints[:, [3, 6], 1].mean()
    if heads < feet:
        raise RetakeError("The head is below the feet; the axis that points up may be another.")
    joints[..., 1] -= np.quantile(joints[:, [3, 6], 1].min(axis=1), 0.02) - 0.08
    joints[..., [0, 2]] -= joints[:1, :1, [0, 2]]
    return at_model_rate(joints, bvh.fps)


def joint_indices(names: list[str]) -> dict[str, int]:
    """Part of the body (`left_knee`, `head`, ...) -> index; RetakeError names what is missing."""
    known: dict[tuple[str, str], int] = {}
    for index, name in enumerate(names):
        known.setdefault(plain_name(name), index)
    found: dict[str, int] = {}
    for part, candidates in NAMES.items():
        for side in ("",) if part in ("neck", "head") else ("left", "right"):
            match = next((known[side, c] for c in candidates if (side, c) in known), None)
            if match is None:
                label = f"{side} {part}".strip()
                raise RetakeError(
                    f"No joint was recognised as the {label}, among {', '.join(names)}."
                )
            found[f"{side}_{part}".lstrip("_")] = match
    return found


def plain_name(name: str) -> tuple[str, str]:
    """Side and bare name: mixamorig:LeftUpLeg, L_UpLeg, lUpLeg, UpLeg.L -> ("left", "upleg")."""
    name = re.sub(r"^bip\d*_", "", name.split(":")[-1], flags=re.IGNORECASE)
    match = re.match(r"^(left|right)[_ .-]?(.+)$", name, re.IGNORECASE)
    if match is None:
        match = re.match(r"^([lrLR])(?:[_ .-]|(?=[A-Z]))(.+)$", name)
    if match is None and (ended := re.match(r"^(.+)[_ .-](left|right|[lr])$", name, re.IGNORECASE)):
        return _side(ended[2]), _letters(ended[1])
    return (_side(match[1]), _letters(match[2])) if match else ("", _letters(name))


def _side(word: str) -> str:
    return "left" if word.lower().startswith("l") else "right"


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _guess_unit(positions: Floats64, index: dict[str, int]) -> float:
    def length(a: str, b: str) -> float:
        difference = positions[:, index[a]] - positions[:, index[b]]
        return float(np.median(np.linalg.norm(difference, axis=-1)))

    leg = np.mean(
        [
            length(f"{s}_hips", f"{s}_knee") + length(f"{s}_knee", f"{s}_foot")
            for s in ("left", "right")
        ]
    )
    if not leg > 0:
        raise RetakeError("The legs have no length.")
    return STATURE / STATURE_OF_LEG / float(leg)


def _seventeen(
    positions: Floats64, head_turn: Floats64, rest: Floats64, index: dict[str, int]
) -> Floats64:
    """Human3.6M's joints (F, 17, 3), where docs/conventions.md says that they sit."""

    def at(part: str) -> Floats64:
        return positions[:, index[part]]

    hip = (at("left_hips") + at("right_hips")) / 2
    neck = at("neck")
    up, forward = _rest_axes(rest, index)
    face = at("head") + head_turn @ (forward * FACE_FORWARD + up * FACE_UP)
    crown = face + head_turn @ (up * CROWN_UP)
    sides = {
        s: [at(f"{s}_{p}") for p in ("hips", "knee", "foot", "shoulder", "elbow", "wrist")]
        for s in ("left", "right")
    }
    spine = hip + SPINE_PART * (neck - hip)
    joints = [hip, *sides["right"][:3], *sides["left"][:3], spine, neck, face, crown]
    return np.stack([*joints, *sides["left"][3:], *sides["right"][3:]], axis=1)


def _rest_axes(rest: Floats64, index: dict[str, int]) -> tuple[Floats64, Floats64]:
    """Unit vectors up and forward of the body in the file's rest pose."""
    across = rest[index["left_hips"]] - rest[index["right_hips"]]
    up = rest[index["neck"]] - (rest[index["left_hips"]] + rest[index["right_hips"]]) / 2
    forward = np.cross(across, up)
    return up / np.linalg.norm(up), forward / np.linalg.norm(forward)
