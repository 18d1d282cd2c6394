"""`retake batch` and a real server: clips through it as batch jobs, also when it is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import zmq
from retake.cli import batch_work
from retake.cli.batch_clips import Settings, find_clips
from retake.server import caller as caller_module
from retake.server.caller import Caller, SilentServerError
from retake.shared.connection_file import ConnectionInfo
from retake.shared.keypoints import KeypointTrack
from retake.shared.protocol import PROTOCOL_VERSION, Lift, Result
from retake.shared.takes import Takes

if TYPE_CHECKING:
    from .conftest import Server

pytestmark = pytest.mark.timeout(300)

SETTINGS = Settings("tiny", 2, 2, 1)


def folder_of_clips(folder: Path) -> Path:
    """A track, a video, and a file that is damaged."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 400, (12, 17, 2)).astype(np.float32)
    ones = np.ones((12, 17), np.float32)
    KeypointTrack(points, ones, np.arange(12) / 25, (640, 480), 25.0, "a test").save(
        folder / "walk.npz"
    )
    (folder / "dance.mp4").touch()
    (folder / "broken.npz").write_text("nothing")
    return folder


def test_clips_go_through_the_server_and_one_that_is_lost_is_replaced(
    start_fast: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = start_fast(name="killed")
    killed.kill()
    server = start_fast()
    servers = [server.info] * 9 + [killed.info] * 2
    monkeypatch.setattr(batch_work, "_find_or_start", servers.pop)
    monkeypatch.setattr(batch_work, "ANSWER_S", 5.0)
    clips = find_clips(folder_of_clips(tmp_path / "clips"), tmp_path)
    records = {r.name: r for r in batch_work.do_here(clips, SETTINGS)}
    assert "damaged" in records["broken"].failed
    for name, frames in (("walk", 12), ("dance", 3)):
        assert (records[name].failed, records[name].frames) == ("", frames)
        assert Takes.load(tmp_path / f"{name}.takes.npz").frame_count == frames
    assert KeypointTrack.load(tmp_path / "dance.track.npz").source == "dance.mp4"


def test_who_waits_hears_of_a_dead_server_and_not_of_its_silence(
    long: Lift, dead_pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller_module, "ASK_EVERY_S", 0.05)
    monkeypatch.setattr(caller_module, "MOST_SILENT", 10**9)
    public, _ = zmq.curve_keypair()
    info = ConnectionInfo("tcp://127.0.0.1:1", public.decode(), dead_pid, PROTOCOL_VERSION)
    with Caller(info) as caller, pytest.raises(SilentServerError, match="ended unexpectedly"):
        caller.work(long, Result)
