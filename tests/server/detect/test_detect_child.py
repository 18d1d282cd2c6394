"""What becomes of a detector process that does not end as it should. Stand-ins take its place."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from retake.server.detect import child_process
from retake.server.detect.child_process import find_people
from retake.server.detect.detect import detect
from retake.server.detect.order import Order
from retake.shared.errors import RetakeError

FRAMES = """
import json, os, sys
def say(*record):
    print(json.dumps(record), flush=True)
say("clip", 25.0, 24, "a detector", "mediapipe-33")
for i in range(7):
    say("frame", i / 25, [640, 480],
        [[[0.1 + 0.01 * j, 0.2 + 0.02 * j, 0.9] for j in range(33)]], [0, 0, 0, 1])
"""


def none_required(order: object) -> None:
    """For stand-ins, which need no library."""


@pytest.fixture(autouse=True)
def libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(child_process, "_require_libraries", none_required)
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path))


def detect_with(program: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Frames of the track, and its source; `program` is the child's."""
    monkeypatch.setattr(child_process, "COMMAND", (sys.executable, "-c", program))
    track = detect(Path("clip.mp4"), lambda done, total: None)
    return track.frame_count, track.source


CRASHES = {
    "killed": (
        "print('a warning', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)",
        r"was killed by signal 9 .* after 7 frames of clip\.mp4\.$",
    ),
    "an exception": (
        "raise ImportError('libGL.so.1: cannot open')",
        r"ended with code 1 after 7 frames of .* last: ImportError: libGL\.so\.1: cannot open$",
    ),
    "half a line": (
        "print('[\"frame\", 0.28', end='', flush=True); os._exit(3)",
        r"ended with code 3 after 7 frames",
    ),
    "an end without a word": ("sys.exit()", r"ended with code 0 after 7 frames"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
@pytest.mark.parametrize(("end", "words"), CRASHES.values(), ids=CRASHES.keys())
def test_a_crash_is_an_error_and_no_short_track(
    end: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RetakeError, match=words):
        detect_with(FRAMES + end, monkeypatch)


def test_a_child_that_cannot_start_gives_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RetakeError, match=r"after 0 frames .* No module named 'nowhere'"):
        detect_with("import nowhere", monkeypatch)


def test_a_damaged_video_is_what_the_child_calls_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, source = detect_with(FRAMES + "say('end', True)", monkeypatch)
    assert frames == 7
    assert "damaged, only 7 frames could be read" in source
    assert "damaged" not in detect_with(FRAMES + "say('end', False)", monkeypatch)[1]


def test_a_child_that_falls_silent_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "SILENCE_S", 2.0)
    with pytest.raises(RetakeError, match=r"to a halt after 7 frames"):
        detect_with(FRAMES + "import time; time.sleep(60)", monkeypatch)


def test_a_crash_after_the_end_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert detect_with(FRAMES + "say('end', False); os._exit(9)", monkeypatch)[0] == 7


def test_a_missing_library_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(importlib.util, "find_spec", no_library)
    with pytest.raises(RetakeError, match=r"needs onnxruntime, .* pip install -e \"\.\[onnx\]\""):
        find_people(Order(Path("clip.mp4"), model=Path("pose.onnx")), lambda done, total: None)
    with pytest.raises(ModuleNotFoundError, match="'av'"):
        find_people(Order(Path("clip.mp4")), lambda done, total: None)


def no_library(name: str) -> None:
    """As `find_spec` says that there is none."""
