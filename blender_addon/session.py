# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What a scene remembers of the work: track, settings, the list of takes and where they lie.

The takes' arrays stay in a file beside the .blend (before its first save: in the extension's own
folder); the .blend holds the path. It does not know the server: a job is a name that leads back to
a scene.
"""

from functools import lru_cache
from pathlib import Path

import bpy

from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.takes import Takes
from .preferences import EXTENSION_ID
from .takes.messages import LiftSettings
from .takes.rows import BEST, rows_of

_scene_of_job = {}
"""Job id -> session_uid of the scene that asked.

Survives undo, which a property of the scene would not.
"""


class RetakeTake(bpy.types.PropertyGroup):
    """One row of the Takes list; its name is the row's."""

    share: bpy.props.FloatProperty(name="Share", description="How much of all takes' weight it has")
    hypothesis: bpy.props.IntProperty(name="Take", default=BEST, min=BEST)


class RetakeSession(bpy.types.PropertyGroup):
    track_path: bpy.props.StringProperty(
        name="Track",
        description="File with the 2D keypoints of one person",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    track_text: bpy.props.StringProperty(name="About the Track")
    hypotheses: bpy.props.IntProperty(
        name="Takes", description="How many motions to sample", default=5, min=1, max=100
    )
    iterations: bpy.props.IntProperty(
        name="Iterations",
        description="Denoising steps per take; more are slower and a little more exact",
        default=5,
        min=1,
        max=50,
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="Another number gives other takes", default=0, min=0
    )
    focal_px: bpy.props.FloatProperty(
        name="Focal Length (px)",
        description="Focal length of the camera in pixels of the video; 0: guessed from its size",
        default=0,
        min=0,
        precision=0,
    )
    takes_name: bpy.props.StringProperty(name="Name of the Takes")
    takes_path: bpy.props.StringProperty(
        name="Takes File", subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"}
    )
    takes: bpy.props.CollectionProperty(type=RetakeTake)
    active_index: bpy.props.IntProperty(name="Active Take", default=0, min=0)


def of(scene) -> RetakeSession:
    return scene.retake


def set_track(scene, path: str) -> KeypointTrack:
    """Make the file at `path` the scene's track. RetakeError if it is none."""
    track = KeypointTrack.load(Path(bpy.path.abspath(path)))
    session = of(scene)
    session.track_path = path
    session.track_text = f"{track.frame_count} frames, {track.fps:.4g} fps"
    return track


def track_of(scene) -> KeypointTrack:
    """RetakeError if the scene has no track, or its file is gone or damaged."""
    path = of(scene).track_path
    if not path:
        raise RetakeError("There is no track yet. Load one, or the sample.")
    return KeypointTrack.load(Path(bpy.path.abspath(path)))


def settings_of(scene) -> LiftSettings:
    session = of(scene)
    return LiftSettings(
        hypotheses=session.hypotheses,
        iterations=session.iterations,
        seed=session.seed,
        focal=session.focal_px or None,
    )


def set_takes(scene, path: str) -> Takes:
    """Make the file at `path` the scene's takes. RetakeError if it holds none."""
    file = Path(bpy.path.abspath(path))
    takes = Takes.load(file)
    _list_takes(of(scene), takes, file, file.stem)
    return takes


def takes_of(scene) -> Takes:
    """RetakeError if the scene has no takes, or their file is gone or damaged."""
    path = of(scene).takes_path
    if not path:
        raise RetakeError("There are no takes yet. Sample or load some first.")
    file = _existing(Path(bpy.path.abspath(path)))
    return _load_takes(file, file.stat().st_mtime_ns if file.is_file() else 0)


def chosen_hypothesis(scene) -> int:
    """Of the active row; `BEST` if there is none."""
    session = of(scene)
    rows = session.takes
    return rows[session.active_index].hypothesis if session.active_index < len(rows) else BEST


def _existing(file: Path) -> Path:
    """Saving may have moved it beside the .blend after its path was written, or before an undo."""
    moved = folder_beside(bpy.data.filepath) / file.name if bpy.data.filepath else file
    return moved if moved.is_file() and not file.is_file() else file


def folder_beside(blend: str) -> Path:
    """Where the takes of a saved file lie."""
    return Path(blend).with_suffix(".retake")


def user_folder(name: str) -> Path:
    """A folder of the extension's own that survives updates."""
    return Path(bpy.utils.extension_path_user(EXTENSION_ID, path=name, create=True))


def new_takes_path(scene, job_id: str) -> Path:
    """Where a job's takes shall be saved. RetakeError if there is no place to write."""
    blend = bpy.data.filepath
    folder = folder_beside(blend) if blend else user_folder("takes")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetakeError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    return folder / f"{Path(of(scene).track_path).stem}-{job_id[:8]}.npz"


def remember_job(scene, job_id: str) -> None:
    _scene_of_job[job_id] = scene.session_uid


def show_takes(job_id: str, takes: Takes, path: Path) -> None:
    """List the takes in the scene that asked for them, if it still exists."""
    uid = _scene_of_job.pop(job_id, None)
    for scene in bpy.data.scenes:
        if scene.session_uid == uid:
            _list_takes(of(scene), takes, path, path.stem.removesuffix(f"-{job_id[:8]}"))
            _push_undo()


def _push_undo() -> None:
    """No operator does it for what the timer brings: without it, the next undo takes it away."""
    windows = bpy.context.window_manager.windows
    if windows and not bpy.app.background:
        with bpy.context.temp_override(window=windows[0]):
            bpy.ops.ed.undo_push(message="Sample Takes")


def _list_takes(session: RetakeSession, takes: Takes, path: Path, name: str) -> None:
    session.takes_path, session.takes_name = relative(path, bpy.data.filepath), name
    session.takes.clear()
    for row in rows_of(takes):
        item = session.takes.add()
        item.name, item.share, item.hypothesis = row.name, row.share, row.hypothesis
    session.active_index = 0


def relative(path: Path, blend: str) -> str:
    """Relative to the .blend if it lies beside it, so that both can be moved together."""
    folder = Path(blend).parent
    beside = bool(blend) and path.is_relative_to(folder)
    return bpy.path.relpath(str(path), start=str(folder)) if beside else str(path)


@lru_cache(maxsize=2)
def _load_takes(path: Path, modified_ns: int) -> Takes:
    """`modified_ns` makes a file that was written again another one."""
    return Takes.load(path)


def register() -> None:
    bpy.utils.register_class(RetakeTake)
    bpy.utils.register_class(RetakeSession)
    bpy.types.Scene.retake = bpy.props.PointerProperty(type=RetakeSession)


def unregister() -> None:
    del bpy.types.Scene.retake
    bpy.utils.unregister_class(RetakeSession)
    bpy.utils.unregister_class(RetakeTake)
    _scene_of_job.clear()
    _load_takes.cache_clear()
