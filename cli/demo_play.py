# pyright: basic, reportAttributeAccessIssue=false
"""What the demo does in Blender: per clip a scene, takes over the wire, two rigs, pictures.

It plays an animator: the takes come through the installed extension's operators only. It must be
imported after the program has given Blender and the server folders of their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import bpy
import numpy as np
from PIL import Image
from tqdm import tqdm

from ..shared.keypoints import KeypointTrack
from ..shared.takes import Takes
from . import demo_extension, demo_picture, demo_stage, demo_views
from .demo_picture import Band, Typeface, cell_size
from .demo_views import View

HERE = Path(__file__).resolve().parent

COLUMNS = 6
HYPOTHESES, ITERATIONS = 5, 5
STARTING, SAMPLING, RENDERING, SAVING = 3, HYPOTHESES + ITERATIONS, 2 * COLUMNS, 1
"""Steps of the progress bar; the middle two for every clip."""

NARROWEST, WIDEST = 0.80, 1.05
"""Width / height of the pictures of one clip."""

BEST_OF_ALL = -1
"""What the extension calls the take that is best for every limb."""


@dataclass(frozen=True)
class Clip:
    title: str
    track: Path


CLIPS = (
    Clip("Balancing on a beam", HERE.parent / "blender_addon" / "samples" / "pose2sim_cam01.npz"),
    Clip("Swordplay", HERE / "samples" / "cmu_02_08.npz"),
)


@dataclass
class Progress:
    """One bar for everything; `begun` counts the steps before the present part."""

    bar: tqdm[Any]
    stop_if_asked: Callable[[], None]
    begun: int = 0
    shown: tuple[str, int, int] | None = None

    def reach(self, stage: str, steps: int) -> None:
        """So many steps of the present part are done. Ctrl-C ends the demo here."""
        self.stop_if_asked()
        self.bar.set_description_str(f"{stage:<44.44}", refresh=False)
        self.bar.n = max(self.bar.n, self.begun + steps)
        shown = (stage, self.bar.n, int(self.bar.format_dict["elapsed"]))
        if shown != self.shown:
            self.shown = shown
            self.bar.refresh()

    def finish(self, steps: int) -> None:
        """The present part is over; it had so many steps."""
        self.begun += steps


@dataclass(frozen=True)
class Actor:
    """A rig with a take and its body, Blender objects."""

    rig: Any
    body: Any


def perform(
    blend: Path, picture: Path, takes: Path, terminal: TextIO, stop_if_asked: Callable[[], None]
) -> list[str]:
    """Writes the .blend, the picture and the extension's folder for takes beside the .blend.

    The progress goes to `terminal`; `stop_if_asked` is called between steps and may raise. Returned
    is a sentence about every clip.
    """
    total = STARTING + len(CLIPS) * (SAMPLING + RENDERING) + SAVING
    form = "{desc}{percentage:3.0f}%|{bar}| {elapsed}"
    with tqdm(total=total, file=terminal, leave=False, bar_format=form) as bar:
        progress = Progress(bar, stop_if_asked)
        start_blender(blend, progress)
        takes.mkdir()
        try:
            played = list(play_all(takes, progress))
        finally:
            demo_extension.stop_server()
        progress.reach("saving", 0)
        _save(blend)
        credits = [credit for _, credit, _ in played]
        demo_picture.compose([band for band, _, _ in played], credits, typeface()).save(
            picture, optimize=True
        )
        return [sentence for _, _, sentence in played]


def start_blender(blend: Path, progress: Progress) -> None:
    """Blender with the extension installed, in an empty file that is saved already."""
    progress.reach("installing the extension", 1)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    demo_extension.operate(bpy.ops.preferences.addon_enable, module="rigify")
    demo_extension.install()
    demo_stage.prepare_screens()
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    progress.reach("starting the server", 2)
    progress.finish(STARTING)


def play_all(folder: Path, progress: Progress) -> Iterator[tuple[Band, str, str]]:
    """What `play` returns, per clip. The server lifts the next clip while one is filmed."""
    waiting = list(CLIPS)
    scene = request_takes(waiting[0], folder)
    while waiting:
        clip = waiting.pop(0)
        demo_extension.wait_for_takes(scene, partial(tell, progress, clip))
        progress.finish(SAMPLING)
        ready, scene = scene, request_takes(waiting[0], folder) if waiting else None
        yield play(clip, ready, progress)


def tell(progress: Progress, clip: Clip, stage: str, share: float) -> None:
    progress.reach(f"{clip.title}: {stage[:1].lower()}{stage[1:]}", int(share * SAMPLING))


def request_takes(clip: Clip, folder: Path):
    """A new scene with the clip's track, for which the extension is sampling takes."""
    track = KeypointTrack.load(clip.track)
    scene = demo_stage.add_scene(clip.title, track.fps, track.frame_count)
    shutil.copy(clip.track, folder)
    path = f"//{folder.name}/{clip.track.name}"
    demo_extension.operate(bpy.ops.retake.load_track, filepath=path)
    scene.retake.hypotheses, scene.retake.iterations = HYPOTHESES, ITERATIONS
    demo_extension.operate(bpy.ops.retake.sample_takes)
    return scene


def play(clip: Clip, scene, progress: Progress) -> tuple[Band, str, str]:
    """Put two takes of the clip's scene on rigs and take their pictures.

    Returns the clip's band of the page, its credit, and a sentence about what was done.
    """
    bpy.context.window.scene = scene
    track = KeypointTrack.load(clip.track)
    takes = Takes.load(Path(bpy.path.abspath(scene.retake.takes_path)))
    frames = demo_views.shown_frames(track.frame_count, COLUMNS)
    other = demo_views.other_hypothesis(takes)
    first = put_on_rig(scene, "best take", BEST_OF_ALL, demo_picture.BEST, np.zeros(3))
    video = demo_views.video_view(
        takes,
        frames,
        demo_stage.hip_path(scene, first.rig, frames),
        demo_stage.leg_length(first.rig),
    )
    second = put_on_rig(
        scene, f"take {other + 1}", other, demo_picture.OTHER, demo_views.beside(video)
    )
    facts = (
        f"{track.frame_count} frames at {track.fps:g} fps, "
        f"{takes.hypothesis_count} takes by the model {takes.model}"
    )
    crop = crop_of(track)
    camera, side = film(scene, (first, second), video, track, frames, crop, progress)
    band = Band(
        title=clip.title,
        facts=facts,
        times=[float(track.times[frame] - track.times[0]) for frame in frames],
        keypoints=track.points[frames],
        crop=crop,
        camera=camera,
        side=side,
        best_name="best take",
        other_name=f"take {other + 1}",
    )
    return band, track.source, f"{clip.title}: {facts}."


def put_on_rig(scene, name: str, hypothesis: int, colour: str, place: np.ndarray) -> Actor:
    """A new rig at `place` (3,) with that take of the scene, and its body."""
    rig = demo_stage.add_rig(f"{scene.name}: {name}", place)
    demo_extension.operate(
        bpy.ops.retake.apply_take, hypothesis=hypothesis, start_frame=scene.frame_start
    )
    add_mannequin = demo_extension.part("mannequin").add_mannequin
    return Actor(rig, add_mannequin(rig, demo_stage.linear(colour)))


def crop_of(track: KeypointTrack) -> demo_views.Box:
    aspect = demo_views.aspect_of_path(track.points, NARROWEST, WIDEST)
    return demo_views.crop_around(track.points, track.image_size, aspect)


def film(
    scene,
    actors: tuple[Actor, Actor],
    video: View,
    track: KeypointTrack,
    frames: Sequence[int],
    crop: demo_views.Box,
    progress: Progress,
) -> tuple[list[Image.Image], list[Image.Image]]:
    """Pictures at the clip's `frames`: the first actor by the video's camera, both from a side."""
    size = cell_size(COLUMNS, crop.width / crop.height)
    points = np.concatenate([demo_stage.joint_paths(scene, actor.rig, frames) for actor in actors])
    side = demo_views.side_view(points, demo_views.side_axes(video), size[0] / size[1])
    demo_stage.add_floor(scene, points)
    whole = demo_stage.add_camera(scene, f"{scene.name}: video", video)
    part = demo_stage.add_camera(
        scene, f"{scene.name}: crop", demo_views.cropped(video, track.image_size, crop)
    )
    other = demo_stage.add_camera(scene, f"{scene.name}: side", side)
    shots = [(camera, frame) for camera in (part, other) for frame in frames]
    pictures = []
    for camera, frame in shots:
        actors[1].body.hide_render = camera == part
        progress.reach(f"{scene.name}: rendering", len(pictures))
        pictures.append(demo_stage.photograph(scene, camera, scene.frame_start + frame, size))
    progress.finish(RENDERING)
    demo_stage.leave_tidy(scene, whole, track.image_size)
    return pictures[:COLUMNS], pictures[COLUMNS:]


def typeface() -> Typeface:
    """That of Blender's own interface."""
    inter = Path(bpy.utils.system_resource("DATAFILES", path="fonts"), "Inter.woff2")
    return Typeface(inter if inter.is_file() else None)


def _save(blend: Path) -> None:
    """The file opens with the first clip at its first frame."""
    bpy.context.window.scene = bpy.data.scenes[CLIPS[0].title]
    for scene in [s for s in bpy.data.scenes if s.name not in {c.title for c in CLIPS}]:
        bpy.data.scenes.remove(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=True)
