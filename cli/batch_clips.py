"""The clips of a batch, and the records of what became of them: beside the takes, one per clip.

A record is written in one step after its takes. A clip whose record fits is done: that is all that
continuing an interrupted batch needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..shared.atomic import replaced_file
from ..shared.errors import RetakeError

TRACKS = {".npz"}
VIDEOS = {".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts"}
SUMMARY = "summary.json"


@dataclass(frozen=True)
class Settings:
    """What all clips of a batch share. `model` empty: the default where a clip is lifted."""

    model: str
    hypotheses: int
    iterations: int
    seed: int


@dataclass(frozen=True)
class Clip:
    """A video or a keypoint track, and where its takes and its record go."""

    name: str
    source: Path
    out: Path

    @property
    def takes(self) -> Path:
        return self.out / f"{self.name}.takes.npz"

    @property
    def track(self) -> Path:
        """The keypoints of a video."""
        return self.out / f"{self.name}.track.npz"

    @property
    def record(self) -> Path:
        return self.out / f"{self.name}.json"

    @property
    def is_video(self) -> bool:
        return self.source.suffix.lower() in VIDEOS


@dataclass(frozen=True)
class Record:
    """`digest`: of the source and the settings; `failed`: why, if it has."""

    name: str
    digest: str
    frames: int = 0
    seconds: float = 0.0
    failed: str = ""


def find_clips(where: Path, out: Path) -> list[Clip]:
    """The clips of a folder, by name, or those of a list, in its order.

    RetakeError if there are none, a listed one is missing, or two would get the same name.
    """
    sources = _listed(where) if where.is_file() else _in_folder(where)
    if not sources:
        raise RetakeError(f"There are no videos or tracks in {where}.")
    clips = [Clip(source.stem, source.resolve(), out) for source in sources]
    seen: dict[str, Path] = {}
    for clip in clips:
        if clip.name in seen:
            raise RetakeError(
                f"{seen[clip.name]} and {clip.source} would both become {clip.takes.name}. "
                "Rename one of them."
            )
        seen[clip.name] = clip.source
    return clips


def finished(clip: Clip, settings: Settings) -> Record | None:
    """The record of a clip that has its takes, made from this source with these settings."""
    record = read_record(clip)
    if record is None or record.failed or not clip.takes.is_file():
        return None
    return record if record.digest == digest_of(clip, settings) else None


def read_record(clip: Clip) -> Record | None:
    try:
        return Record(**json.loads(clip.record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_record(clip: Clip, record: Record) -> None:
    with replaced_file(clip.record) as part:
        part.write_text(json.dumps(asdict(record)) + "\n", encoding="utf-8")


def digest_of(clip: Clip, settings: Settings) -> str:
    """Empty if the source is gone. Size and time of the file stand for its content."""
    try:
        stat = clip.source.stat()
    except OSError:
        return ""
    what = [str(clip.source), stat.st_size, stat.st_mtime_ns, asdict(settings)]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def write_summary(out: Path, settings: Settings, records: Iterable[Record]) -> None:
    """All records in one file, for programs."""
    content: dict[str, Any] = {"settings": asdict(settings), "clips": [asdict(r) for r in records]}
    with replaced_file(out / SUMMARY) as part:
        part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def table(records: Sequence[Record]) -> str:
    """For people: a line per clip, then the sums."""
    width = max([len(r.name) for r in records], default=0)
    lines = [
        f"{r.name:{width}}  "
        + (f"failed: {r.failed}" if r.failed else f"{r.frames:6} frames  {r.seconds:7.1f} s")
        for r in records
    ]
    failed = sum(1 for r in records if r.failed)
    good = [r for r in records if not r.failed]
    clips = "1 clip" if len(good) == 1 else f"{len(good)} clips"
    lines.append(f"{clips} with {sum(r.frames for r in good)} frames done, {failed} failed.")
    return "\n".join(lines)


def _in_folder(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise RetakeError(f"There is no folder or list {folder}.")
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in TRACKS | VIDEOS)


def _listed(file: Path) -> list[Path]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        raise RetakeError(f"{file} is no list: expected a text file, a path per line.") from None
    sources = [file.parent / line.strip() for line in lines if line.strip()]
    missing = [source for source in sources if not source.is_file()]
    if missing:
        raise RetakeError(f"{file} names {missing[0]}, which does not exist.")
    return sources
