"""Generated broken files: each ends in a sentence or in the frames that could be read, soon."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

READER = """
import json, sys
from contextlib import closing
from pathlib import Path
from retake.server.detect.video import open_video
from retake.shared.errors import RetakeError
for name in sys.stdin.read().split("\\n"):
    print(json.dumps(["begins", name]), flush=True)
    try:
        with closing(open_video(Path(name))) as video:
            count = sum(1 for _ in video.frames())
        print(json.dumps(["damaged" if video.damaged else "whole", count]), flush=True)
    except RetakeError as error:
        print(json.dumps(["refused", str(error)]), flush=True)
"""

FRAMES = 20
FORMATS = {
    "a.mp4": "libx264",
    "b.mkv": "libx264",
    "c.webm": "libvpx-vp9",
    "d.avi": "mpeg4",
    "e.mov": "mpeg4",
    "f.ts": "libx264",
}


@pytest.fixture(scope="module")
def goods(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("good")
    noise = np.random.default_rng(0).integers(0, 256, (FRAMES, 48, 64, 3), np.uint8)
    for name, codec in FORMATS.items():
        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream(codec, rate=Fraction(25))
            assert isinstance(stream, VideoStream)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for picture in noise:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(stream.encode(None))
    return [(folder / name).read_bytes() for name in FORMATS]


def broken(good: bytes, kind: int, chance: random.Random) -> bytes:
    data = bytearray(good)
    match kind:
        case 0:  # cut off
            return bytes(data[: chance.randrange(len(data))])
        case 1:  # single bits turned over
            for _ in range(chance.choice((1, 4, 30, 200))):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 2:  # the header, where sizes and counts stand
            for _ in range(chance.choice((1, 3, 10))):
                data[chance.randrange(min(len(data), 1200))] = chance.choice((0, 0x7F, 0xFF))
        case 3:  # a piece missing in the middle
            start = chance.randrange(len(data))
            del data[start : start + chance.randrange(1, 3000)]
        case 4:  # large numbers
            place = chance.randrange(min(len(data) - 8, 2000))
            data[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"))
        case _:  # something else with the name of a video
            return chance.choice(
                (b"", b"#EXTM3U\nother.mp4\n", b"ffconcat version 1.0\nfile a.mp4\n")
            )
    return bytes(data)


def outcomes(folder: Path, goods: list[bytes], count: int) -> dict[str, int]:
    chance = random.Random(0)
    names: list[str] = []
    for number in range(count):
        ending = chance.choice(list(FORMATS)).partition(".")[2]  # often not the right one
        path = folder / f"{number}.{ending}"
        path.write_bytes(broken(goods[number % len(goods)], chance.randrange(11) % 6, chance))
        names.append(str(path))
    done = subprocess.run(
        [sys.executable, "-c", READER],
        input="\n".join(names),
        capture_output=True,
        text=True,
        timeout=30 + count * 0.5,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    # A decoder that crashes takes only its own process with it, but none of these does.
    assert done.returncode == 0, lines[-1]
    found = {"refused": 0, "damaged": 0, "whole": 0}
    for kind, value in lines[1::2]:
        found[kind] += 1
        assert kind != "refused" or str(value).endswith(".")
    assert sum(found.values()) == count
    return found


@pytest.mark.timeout(300)
def test_broken_files_are_refused_or_read_in_part(tmp_path: Path, goods: list[bytes]) -> None:
    found = outcomes(tmp_path, goods, 48)
    assert found["refused"] > 6
    assert found["damaged"] > 3


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_thousand_broken_files(tmp_path: Path, goods: list[bytes]) -> None:
    found = outcomes(tmp_path, goods, 2000)
    assert min(found["refused"], found["damaged"]) > 200
