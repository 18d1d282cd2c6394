# pyright: basic, reportAttributeAccessIssue=false
"""What a scene remembers of the work (`properties`): its track, its takes and where they lie.

The takes' arrays stay in a file beside the .blend (before its first save: in the extension's own
folder); the .blend holds the path. It does not know the server: a job is a name that leads back to
a scene.
"""

from pathlib import Path

import bpy

from ..shared.errors import RetakeError
from ..shared.keypoints import VIDEO, KeypointTrack
from ..shared.takes import Takes
from . import files, jobs
from .choose.colours import colour_of
from .clip.timing import cut
from .files import relative as relative
from .files import user_folder as user_folder
from .jobs import remember as remember_job  # noqa: F401  (choose asks for it here)
from .sidebar import told
from .takes.messages import LiftSettings
from .takes.rows import BEST, rows_of
from .track.edits import edited, from_json

MOST_LOADED = 2
"""Takes files that are kept in memory."""

_loaded: dict[Path, tuple[int, Takes]] = {}
"""File -> when it was written, and what is in it."""

takes_listeners = []
"""Called with a scene whose takes have changed, and whether they continue those before."""

arrival_listeners = []
"""Called with a scene after takes that it has asked for have been listed."""


def of(scene):
    return scene.retake


def set_track(scene, path: str, track: KeypointTrack | None = None) -> KeypointTrack:
    """Make the file at `path` the scene's track. RetakeError if it is none.

    `track` is what is in it, if somebody has read it already.
    """
    track = track or KeypointTrack.load(Path(bpy.path.abspath(path)))
    session = of(scene)
    session.track_path = path
    session.track_text = track_text(track)
    session.track_video = str(track.about.get(VIDEO, ""))
    return track


def track_text(track: KeypointTrack) -> str:
    return told("{count} frames, {fps:.4g} fps", count=track.frame_count, fps=track.fps)


def track_of(scene) -> KeypointTrack:
    """With the animator's corrections, cut to In and Out of the clip, if there is one.

    RetakeError if the scene has no track, its file is gone or damaged, or the range leaves nothing.
    """
    if not of(scene).track_path:
        raise RetakeError("There is no track yet. Load one, or try the sample.")
    track = KeypointTrack.load(track_file(scene))
    corrected = edited(track, from_json(scene.retake_track.edits))
    clip = scene.retake_clip
    return cut(corrected, clip.first - 1, clip.last - 1) if clip.clip else corrected


def track_file(scene) -> Path:
    """Where the track is now; RetakeError if it is packed and cannot be laid out."""
    return files.found(of(scene).track_path, of(scene).packed_track)


def takes_file(scene) -> Path:
    """The same of the takes."""
    return files.found(of(scene).takes_path, of(scene).packed_takes)


def settings_of(scene) -> LiftSettings:
    session = of(scene)
    return LiftSettings(
        hypotheses=session.hypotheses,
        iterations=session.iterations,
        seed=session.seed,
        model=session.model,
        focal=session.focal_px or None,
    )


def set_takes(scene, path: str) -> Takes:
    """Make the file at `path` the scene's takes. RetakeError if it holds none."""
    file = Path(bpy.path.abspath(path))
    takes = Takes.load(file)
    list_takes(scene, takes, file, file.stem)
    return takes


def takes_of(scene) -> Takes:
    """RetakeError if the scene has no takes, or their file is gone or damaged."""
    if not of(scene).takes_path:
        raise RetakeError("There are no takes yet. Sample or load some first.")
    file = takes_file(scene)
    known = _loaded.get(file)
    if known is None or known[0] != _modified(file):
        remember_takes(file, Takes.load(file))
    return _loaded[file][1]


def known_takes(scene) -> Takes | None:
    """For callbacks: the takes if they are in memory, and nothing has to be read."""
    try:
        file = takes_file(scene) if of(scene).takes_path else Path()
    except RetakeError:
        return None
    known = _loaded.get(file)
    return known[1] if known is not None and known[0] == _modified(file) else None


def matching_track(scene) -> KeypointTrack | None:
    """The scene's track if the takes were made of it, as far as its frames tell."""
    try:
        track, takes = track_of(scene), takes_of(scene)
    except RetakeError:
        return None
    same = track.frame_count == takes.frame_count
    return track if same and abs(track.times - takes.times).max() < 1e-3 else None


def character_of(context):
    """The armature object that wears the takes: the chosen one, else the active one; or None."""
    chosen = of(context.scene).character
    if chosen is not None and chosen.name in context.scene.objects:
        return chosen
    active = context.object
    return active if active is not None and active.type == "ARMATURE" else None


def fps_of(scene) -> float:
    return scene.render.fps / scene.render.fps_base


def start_of(scene, takes: Takes) -> int:
    """The scene's frame at which the takes begin: where the clip's own picture of that moment
    stands, wherever the scene's range begins; without a clip, the scene's first frame."""
    clip = scene.retake_clip.clip
    if clip is None:
        return scene.frame_start
    return round(clip.frame_start + float(takes.times[0]) * fps_of(scene))


def chosen_hypothesis(scene) -> int:
    """Of the active row; `BEST` if there is none."""
    session = of(scene)
    rows = session.takes
    return rows[session.active_index].hypothesis if session.active_index < len(rows) else BEST


def new_takes_path(scene, job_id: str) -> Path:
    """Where a job's takes shall be saved. RetakeError if there is no place to write."""
    return files.folder() / f"{Path(of(scene).track_path).stem}-{job_id[:8]}.npz"


def show_takes(job_id: str, takes: Takes, path: Path) -> None:
    """List the takes in the scene that asked for them, if it still exists."""
    scene, asked = jobs.end(job_id)
    if scene is None:
        return
    if asked and asked.receive:
        asked.receive(scene, takes, path)
        return
    list_takes(scene, takes, path, path.stem.removesuffix(f"-{job_id[:8]}"))
    push_undo("Sample Takes")
    for listener in arrival_listeners:
        listener(scene)


def push_undo(message: str) -> None:
    """No operator does it for what the timer brings: without it, the next undo takes it away."""
    windows = bpy.context.window_manager.windows
    if windows and not bpy.app.background:
        with bpy.context.temp_override(window=windows[0]):
            bpy.ops.ed.undo_push(message=message)


def list_takes(scene, takes: Takes, path: Path, name: str, continues: bool = False) -> None:
    """Make the takes in the file at `path` the scene's. `continues`: they are those that are listed
    and more, so that stars, rejections and decisions stay."""
    session = of(scene)
    marks = {row.hypothesis: (row.star, row.rejected) for row in session.takes if continues}
    session.takes_path, session.takes_name = relative(path, bpy.data.filepath), name
    session.takes_video = str(takes.provenance.get(VIDEO, ""))
    remember_takes(path, takes)
    session.takes.clear()
    for number, row in enumerate(rows_of(takes)):
        item = session.takes.add()
        item.name, item.share, item.hypothesis = row.name, row.share, row.hypothesis
        item.named = row.named
        item.colour = colour_of(number - 1 if row.named else -1)
        item.star, item.rejected = marks.get(row.hypothesis, (False, False))
    session.active_index = 0
    for listener in takes_listeners:
        listener(scene, continues)


def remember_takes(path: Path, takes: Takes) -> None:
    """Takes that are at hand need not be read again."""
    while len(_loaded) >= MOST_LOADED:
        del _loaded[next(iter(_loaded))]
    _loaded[path] = (_modified(path), takes)


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def register() -> None:
    """Nothing to do: files are read when somebody asks for what is in them."""


def unregister() -> None:
    jobs.forget_all()
    _loaded.clear()
