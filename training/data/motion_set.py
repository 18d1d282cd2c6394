"""One format for every data set: a folder with a table of clips and memory-mapped arrays.

    set.json        format, skeleton, space, what it is made of, one row per clip
    positions.f32   (N, J, 3) metres: joints in the frame of their camera, or of the world
    keypoints.f32   (N, J, 2) pixels; only in camera space
    valid.u1        (N,) 1 for frames that count in the metrics, else 0

Arrays are bare little-endian numbers: they can be written piece by piece and read by page, so that
neither writing nor reading a set needs memory for it. World space is right-handed with y up and the
floor at y = 0; camera space is that of docs/conventions.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from ...shared.arrays import AnyArray, Bools, Floats, Floats32
from ...shared.atomic import new_folder
from ...shared.errors import RetakeError
from ...shared.resample import MODEL_FPS
from ...shared.skeleton import SKELETONS, Skeleton

FORMAT_VERSION = 1
TABLE = "set.json"

Space = Literal["camera", "world"]
SPLITS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One uninterrupted motion, in one camera: frames first .. first + frames - 1 of the arrays.

    lens   fx, fy, cx, cy in pixels, then the distortion k1, k2, k3, p1, p2 (`lens.project`); empty
           where it is not known
    """

    name: str
    subject: str
    action: str
    split: str
    frames: int
    first: int = 0
    fps: float = MODEL_FPS
    camera: str = ""
    width: int = 0
    height: int = 0
    lens: tuple[float, ...] = ()


@dataclass(frozen=True)
class MotionSet:
    """Some clips of a set. `about` says what it was made of and which ground truth it holds."""

    skeleton: Skeleton
    space: Space
    about: dict[str, str]
    clips: tuple[Clip, ...]
    positions: Floats32
    keypoints: Floats32 | None
    valid: Bools

    @staticmethod
    def open(folder: Path) -> MotionSet:
        """Maps the arrays of `folder`; RetakeError if it is not a whole data set."""
        try:
            table = json.loads((folder / TABLE).read_text(encoding="utf-8"))
            if table["format_version"] != FORMAT_VERSION:
                raise RetakeError(
                    f"The data set in {folder} has format {table['format_version']}; this version "
                    f"reads {FORMAT_VERSION}. Prepare it again."
                )
            return _map(folder, table)
        except (FileNotFoundError, NotADirectoryError):
            raise RetakeError(
                f"{folder} is no prepared data set; `retake prepare --help` says how to make one."
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RetakeError(f"The data set in {folder} is damaged: {error}.") from None

    def only(self, keep: Callable[[Clip], bool]) -> MotionSet:
        """The same arrays with the clips that `keep` is true for."""
        return replace(self, clips=tuple(clip for clip in self.clips if keep(clip)))

    def split(self, name: str) -> MotionSet:
        return self.only(lambda clip: clip.split == name)

    @property
    def frames(self) -> int:
        return sum(clip.frames for clip in self.clips)

    def motion(self, clip: Clip) -> Floats32:
        """(F, J, 3) of a whole clip, copied into memory."""
        return np.array(self.positions[clip.first : clip.first + clip.frames])

    def points(self, clip: Clip) -> Floats32:
        """(F, J, 2) pixels of a whole clip."""
        assert self.keypoints is not None, "a set in world space has no keypoints"
        return np.array(self.keypoints[clip.first : clip.first + clip.frames])

    def counted(self, clip: Clip) -> Bools:
        """(F,) frames that count in the metrics."""
        return np.array(self.valid[clip.first : clip.first + clip.frames])


class SetWriter:
    """Appends clips to the files of a set that is being made; see `new_set`."""

    def __init__(self, folder: Path, skeleton: Skeleton, space: Space) -> None:
        self.folder, self.skeleton, self.space = folder, skeleton, space
        self.clips: list[Clip] = []
        self.frames = 0

    def add(
        self,
        clip: Clip,
        positions: Floats,
        keypoints: Floats | None = None,
        valid: Bools | None = None,
    ) -> None:
        """Writes a clip's positions (F, J, 3), keypoints (F, J, 2), valid (F,): all valid if None.

        RetakeError if a position or keypoint is not a finite number.
        """
        assert (keypoints is not None) == (self.space == "camera")
        for values in (positions, keypoints):
            if values is not None and not np.isfinite(values).all():
                raise RetakeError(
                    f"{clip.subject} {clip.name}: a coordinate is not a number. Expected whole "
                    "motions without gaps; cut such frames out first."
                )
        self._append("positions.f32", positions.astype("<f4"))
        if keypoints is not None:
            self._append("keypoints.f32", keypoints.astype("<f4"))
        counted = np.ones(len(positions), np.uint8) if valid is None else valid.astype(np.uint8)
        self._append("valid.u1", counted)
        self.clips.append(replace(clip, first=self.frames, frames=len(positions)))
        self.frames += len(positions)

    def finish(self, about: dict[str, str]) -> None:
        if not self.clips:
            raise RetakeError("There is not one motion in these files; nothing was written.")
        table = {
            "format_version": FORMAT_VERSION,
            "skeleton": self.skeleton.name,
            "space": self.space,
            "about": about,
            "clips": [asdict(clip) for clip in self.clips],
        }
        (self.folder / TABLE).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")

    def _append(self, name: str, values: AnyArray) -> None:
        with (self.folder / name).open("ab") as file:
            file.write(np.ascontiguousarray(values).data)


@contextmanager
def new_set(
    folder: Path, skeleton: Skeleton, space: Space, about: dict[str, str]
) -> Generator[SetWriter]:
    """A writer for `folder`, which appears whole when the block has succeeded, else not at all.

    RetakeError if `folder` exists (a set is made once and never changed) or cannot be written.
    """
    try:
        with new_folder(folder) as part:
            writer = SetWriter(part, skeleton, space)
            yield writer
            writer.finish(about)
    except FileExistsError:
        raise RetakeError(
            f"{folder} exists already. Choose another folder, or remove it first."
        ) from None
    except OSError as error:
        raise RetakeError(f"{folder} could not be written: {error.strerror or error}.") from None


def _map(folder: Path, table: dict[str, Any]) -> MotionSet:
    if table["skeleton"] not in SKELETONS or table["space"] not in get_args(Space):
        raise ValueError(f"skeleton '{table['skeleton']}' in {table['space']} space is not known")
    skeleton = SKELETONS[table["skeleton"]]
    rows: list[dict[str, Any]] = table["clips"]
    clips = tuple(Clip(**row) for row in rows)
    clips = tuple(replace(clip, lens=tuple(clip.lens)) for clip in clips)
    frames = sum(clip.frames for clip in clips)
    if any(clip.frames < 1 or not 0 <= clip.first <= frames - clip.frames for clip in clips):
        raise ValueError("a clip lies outside its arrays")

    def array(name: str, kind: str, shape: tuple[int, ...]) -> AnyArray:
        return np.memmap(folder / name, dtype=kind, mode="r", shape=(frames, *shape))

    joints = skeleton.joint_count
    camera = table["space"] == "camera"
    return MotionSet(
        skeleton=skeleton,
        space=table["space"],
        about=table["about"],
        clips=clips,
        positions=array("positions.f32", "<f4", (joints, 3)),
        keypoints=array("keypoints.f32", "<f4", (joints, 2)) if camera else None,
        valid=array("valid.u1", "u1", ()).view(np.bool_),
    )
