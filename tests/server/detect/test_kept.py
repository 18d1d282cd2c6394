"""A detection that was broken off goes on where it was; what is kept belongs to one clip."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
from retake.server.detect import child_process
from retake.server.detect.child_process import Found, find_people
from retake.server.detect.detect import detect
from retake.server.detect.kept import OLDEST_S, Kept, hidden_file, key_of, open_kept
from retake.server.detect.order import Order
from retake.shared.errors import RetakeError

CHILD = """
import json, sys, time
order = json.loads(sys.argv[1])
def say(*record):
    print(json.dumps(record), flush=True)
say("clip", 25.0, 24, "a detector", "mediapipe-33")
for i in range(order["known"], 24):
    say("frame", i / 25, [640, 480], [[[0.1 + 0.01 * j, 0.01 * i, 0.9] for j in range(33)]],
        [0, 0, 0, 1])
    time.sleep(PAUSE)
say("end", False)
"""


def none_required(order: object) -> None:
    """For stand-ins, which need no library."""


class Stopped(Exception):
    pass


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(child_process, "_require_libraries", none_required)
    program = CHILD.replace("PAUSE", "0")
    monkeypatch.setattr(child_process, "COMMAND", (sys.executable, "-c", program))
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path / "data"))
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"never decoded")
    return path


def look(order: Order, path: Path, stop_at: int = 1000) -> tuple[Found, list[int]]:
    """What was found, and the numbers of frames that were reported."""
    calls: list[int] = []

    def on_frame(done: int, total: int | None) -> None:
        calls.append(done)
        if done == stop_at:
            raise Stopped

    with open_kept(path, order) as kept:
        found = find_people(order, on_frame, kept)
        kept.forget()
    return found, calls


def test_who_is_stopped_goes_on(clip: Path, tmp_path: Path) -> None:
    order, path = Order(clip), tmp_path / "kept"
    with pytest.raises(Stopped):
        look(order, path, stop_at=7)
    assert path.is_file()
    found, calls = look(order, path)
    assert calls == list(range(8, 25))
    whole, _ = look(order, tmp_path / "other")
    np.testing.assert_array_equal(np.stack(found.people), np.stack(whole.people))
    assert found.times == whole.times
    assert sorted(tmp_path.iterdir()) == [clip]  # neither the kept files nor their locks


def test_all_that_was_found_is_not_looked_for_again(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, path = Order(clip), tmp_path / "kept"
    with open_kept(path, order) as kept:
        find_people(order, lambda done, total: None, kept)  # and the track cannot be written
    monkeypatch.setattr(child_process, "COMMAND", (sys.executable, "-c", "raise SystemExit(1)"))
    found, calls = look(order, path)
    assert (len(found.times), calls) == (24, [])


@pytest.mark.parametrize(
    "end", [b'["frame", 0.9, [6', b"\0\0\0\n", b"[]\n", b'"text"\n', b"[" * 99]
)
def test_a_torn_end_is_left_out(clip: Path, tmp_path: Path, end: bytes) -> None:
    order, path = Order(clip), tmp_path / "kept"
    with pytest.raises(Stopped):
        look(order, path, stop_at=7)
    path.write_bytes(path.read_bytes() + end)
    assert look(order, path)[1] == list(range(8, 25))


def test_another_clip_or_other_settings_begin_anew(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    with pytest.raises(Stopped):
        look(Order(clip), path, stop_at=7)
    content = path.read_bytes()
    assert look(Order(clip, people=2), path)[1][0] == 1
    path.write_bytes(content)
    clip.write_bytes(b"another clip.")
    assert look(Order(clip), path)[1][0] == 1


def test_a_file_of_something_else_is_left_alone(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_bytes(b"a file of the user's\n")
    with pytest.raises(RetakeError, match="is in the way"):
        look(Order(clip), path)
    assert path.read_bytes() == b"a file of the user's\n"


def test_what_cannot_be_kept_is_found_all_the_same(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAKE_DATA_DIR", str(clip))  # a file, where a folder should be
    assert detect(clip, lambda done, total: None).frame_count == 24


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_does_not_end_a_detection(clip: Path) -> None:
    with open("/dev/full", "r+b", buffering=0) as full:
        kept = Kept(full, [])
        found = find_people(Order(clip), lambda done, total: None, kept)
    assert len(found.times) == 24


def test_the_key_is_of_what_is_looked_at(clip: Path) -> None:
    key = key_of(Order(clip))
    assert key_of(Order(clip, known=5)) == key
    others = [Order(clip, people=2), Order(clip, every=2), Order(clip, fps=5.0), Order(clip.parent)]
    assert len({key, *map(key_of, others)}) == 5


def test_two_at_once_do_not_share_a_file(clip: Path, tmp_path: Path) -> None:
    order, path = Order(clip), tmp_path / "kept"
    with open_kept(path, order) as first:
        first.add(["frame", 0.0, [640, 480], [], [0, 0, 0, 1]])
        size = path.stat().st_size
        _, calls = look(order, path)
        assert calls[0] == 1
        assert path.stat().st_size == size


KILLED = """
import sys
from pathlib import Path
from retake.server.detect import child_process
from retake.server.detect.child_process import find_people
from retake.server.detect.kept import open_kept
from retake.server.detect.order import Order
from retake.shared.errors import RetakeError
child_process._require_libraries = lambda order: None
child_process.COMMAND = (sys.executable, "-c", sys.argv[1])
order = Order(Path(sys.argv[2]))
with open_kept(Path(sys.argv[3]), order) as kept:
    find_people(order, lambda done, total: print(done, flush=True), kept)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_who_is_killed_goes_on(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    program = CHILD.replace("PAUSE", "0.05")
    victim = subprocess.Popen(
        [sys.executable, "-c", KILLED, program, str(clip), str(path)], stdout=subprocess.PIPE
    )
    assert victim.stdout is not None
    for line in victim.stdout:
        if int(line) == 6:
            os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    found, calls = look(Order(clip), path)
    assert 6 < calls[0] < 24
    assert calls == list(range(calls[0], 25))
    assert len(found.times) == len(found.people) == 24


def test_the_servers_detection_keeps_for_itself(clip: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        if done == 9:
            raise Stopped

    with pytest.raises(Stopped):
        detect(clip, stop)
    calls: list[int] = []
    assert detect(clip, lambda done, total: calls.append(done)).frame_count == 24
    assert calls == list(range(10, 25))
    hidden = hidden_file(Order(clip))
    assert list(hidden.parent.iterdir()) == []


def test_what_was_kept_long_ago_is_forgotten(clip: Path) -> None:
    old, new = hidden_file(Order(clip)), hidden_file(Order(clip, people=2))
    for path, age in ((old, OLDEST_S + 60), (new, 60.0)):
        path.touch()
        os.utime(path, (time.time() - age, time.time() - age))
    hidden_file(Order(clip))
    assert not old.exists()
    assert new.exists()


@pytest.mark.usefixtures("pose_model")
@pytest.mark.timeout(300)
def test_a_real_detector_finds_the_same_when_it_goes_on(
    write_video: Callable[..., Path], tmp_path: Path
) -> None:
    """It looks again at some frames before, to follow the person as it did."""
    upright: npt.NDArray[np.uint8] = np.ascontiguousarray(skimage.data.astronaut()[:, :500])
    pictures = [np.ascontiguousarray(np.roll(upright, 3 * i, axis=1)) for i in range(8)]
    order = Order(write_video(pictures))
    with pytest.raises(Stopped):
        look(order, tmp_path / "kept", stop_at=5)
    found, calls = look(order, tmp_path / "kept")
    whole, _ = look(order, tmp_path / "other")
    assert calls[-3:] == [6, 7, 8]
    off = np.stack(found.people)[..., :2] - np.stack(whole.people)[..., :2]
    assert np.abs(off[:, :15] * 500).max() < 1.0
