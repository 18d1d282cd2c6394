"""Small videos, and the pose model (from the user's data folder, or fetched once for the tests)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from retake.server.detect import model_file
from retake.shared.errors import RetakeError

Picture = npt.NDArray[np.uint8]
WriteVideo = Callable[..., Path]


@pytest.fixture
def write_video(tmp_path: Path) -> WriteVideo:
    """write_video(pictures, times=None, rotation=0, name="clip.mp4") -> path. Times in seconds."""

    def write(
        pictures: Sequence[Picture],
        times: Sequence[float] | None = None,
        rotation: int = 0,
        name: str = "clip.mp4",
    ) -> Path:
        path = tmp_path / name
        height, width = pictures[0].shape[:2]
        stamps = times or [i / 25 for i in range(len(pictures))]
        with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
            stream = container.add_stream("libx264", rate=25, options={"crf": "12"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            if rotation:
                stream.set_display_rotation(rotation)
            for picture, seconds in zip(pictures, stamps, strict=True):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = round(seconds * 1000), Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return write


def skip_offline(reason: str) -> None:
    """Skips, but never where the result decides: continuous integration sets CI."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def pose_model(pytestconfig: pytest.Config) -> Iterator[None]:
    """For tests that detect. Skips, with the reason, where the model cannot be obtained."""
    with pytest.MonkeyPatch.context() as patch:
        if not model_file.pose_model_path().is_file():
            assert pytestconfig.cache is not None
            patch.setenv("RETAKE_DATA_DIR", str(pytestconfig.cache.mkdir("pose_model")))
        if not model_file.pose_model_path().is_file():
            try:
                model_file.get_pose_model()
            except RetakeError as error:
                skip_offline(str(error))
        yield
