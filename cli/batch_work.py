"""One clip of a batch: through the server of this computer, or in this process.

The server keeps a crash to its clip, and lets the animator's own jobs pass. On a cluster there is
none; Ray does both.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from ..blender_addon.client.server_process import find_or_start, server_command
from ..blender_addon.takes.messages import LiftSettings, lift_request, takes_of
from ..server.caller import Caller, SilentServerError
from ..server.detect.model_file import data_folder
from ..shared.connection_file import ConnectionInfo
from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.processes import start_of
from ..shared.protocol import Detect, Request, Result, Track
from ..shared.takes import Takes
from ..shared.track_message import track_of
from .batch_clips import Clip, Record, Settings, digest_of, finished, write_record

ANSWER_S = 20.0

MOST_TRIES = 2
"""A server that was lost is started again, once per request."""

Detector = Callable[[Path], KeypointTrack]
Lifter = Callable[[KeypointTrack, Settings], Takes]
Kind = TypeVar("Kind")


def do_clip(clip: Clip, settings: Settings, detect: Detector, lift: Lifter) -> Record:
    """Makes takes and record of a clip; one that is done already is left alone."""
    if done := finished(clip, settings):
        return done
    start, digest = time.monotonic(), digest_of(clip, settings)
    try:
        track = _track_of(clip, detect)
        lift(track, settings).save(clip.takes)
    except (RetakeError, OSError, MemoryError) as error:
        record = Record(clip.name, digest, failed=str(error) or type(error).__name__)
    else:
        record = Record(clip.name, digest, track.frame_count, round(time.monotonic() - start, 2))
    write_record(clip, record)
    return record


def _track_of(clip: Clip, detect: Detector) -> KeypointTrack:
    if not clip.is_video:
        return KeypointTrack.load(clip.source)
    track = detect(clip.source)
    track.save(clip.track)
    return track


# Through the server


def do_here(clips: Iterable[Clip], settings: Settings) -> Iterator[Record]:
    """Records as they come. RetakeError if no server runs and none can be started."""
    _find_or_start()
    server = _Server()
    for clip in clips:
        yield do_clip(clip, settings, server.detect, server.lift)


class _Server:
    """The user's server, found or started, and again if it was lost."""

    def detect(self, video: Path) -> KeypointTrack:
        request = Detect(job_id=uuid.uuid4().hex, path=str(video), batch=True)
        return track_of(self._ask(request, Track))

    def lift(self, track: KeypointTrack, settings: Settings) -> Takes:
        wanted = LiftSettings(**asdict(settings))
        request = replace(lift_request(uuid.uuid4().hex, track, wanted), batch=True)
        return takes_of(self._ask(request, Result))

    def _ask(self, request: Request, kind: type[Kind]) -> Kind:
        """A request that was sent to a lost server is sent again: it is not computed twice."""
        for _ in range(MOST_TRIES):
            try:
                with Caller(_find_or_start()) as caller:
                    caller.hello(ANSWER_S, pid=os.getpid(), start=start_of(os.getpid()))
                    return caller.work(request, kind)
            except SilentServerError:
                continue
        raise RetakeError("The server was lost again and again; its log says more.")


def _find_or_start() -> ConnectionInfo:
    log = data_folder() / "logs" / "server.log"
    return find_or_start(partial(server_command, sys.executable), log, threading.Event())


# In this process


@cache
def _model(name: str) -> Callable[..., Takes]:
    """Loaded once per process."""
    from ..server.lifting.lift import lift
    from ..server.models import open_model

    return partial(lift, model=open_model(name))


def lift_in_process(track: KeypointTrack, settings: Settings) -> Takes:
    from ..server.lifting.lift_options import LiftOptions
    from ..server.models import default_model
    from ..shared.model.device import best_device

    name = settings.model or default_model(best_device())
    options = LiftOptions(**asdict(replace(settings, model=name)))
    return _model(name)(track, options=options, report=_unheard)


def detect_in_process(video: Path) -> KeypointTrack:
    from ..server.detect.detect import detect

    return detect(video, lambda done, expected: None)


def _unheard(stage: str, done: int, total: int) -> None:
    """Nobody follows a single clip."""
