"""Files made to crash their reader, or to make it run something, end in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from retake.shared.errors import RetakeError
from retake.shared.tracks.find import open_sightings

_HEADER = "\n".join(
    ",".join([name, *cells])
    for name, cells in (
        ("scorer", ["me"] * 51),
        ("bodyparts", [f"left_{i // 3}" for i in range(51)]),
        ("coords", ["x", "y", "likelihood"] * 17),
    )
)
_MANY = "9" * 5000

FILES = {
    "a frame of 5000 digits": json.dumps([{"image_id": _MANY, "keypoints": [1, 2, 0.5] * 17}]),
    "more names than points": json.dumps(
        {
            "annotations": [{"image_id": 1, "keypoints": [1, 2, 2] * 3}],
            "categories": [{"keypoints": ["left_hip", "right_hip", "left_knee", "nose"]}],
        }
    ),
    "a row of 5000 digits": f"{_HEADER}\n{_MANY}{',1' * 51}\n",
    "a cell of 200,000 letters": f"{_HEADER}\n{'9' * 200_000}{',1' * 51}\n",
    "lone returns": 'scorer,\r a"\r"\n\r',
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_a_hostile_file_ends_in_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "file"
    path.write_text(content, "utf-8", newline="")
    with pytest.raises(RetakeError) as caught:
        open_sightings(path)
    assert str(caught.value).endswith(".")


def test_a_name_of_many_digits_is_a_picture_all_the_same(tmp_path: Path) -> None:
    page = {
        "images": [{"id": 1, "file_name": _MANY}],
        "annotations": [{"image_id": 1, "keypoints": [1, 2, 2] * 17}],
    }
    path = tmp_path / "file"
    path.write_text(json.dumps(page), "utf-8")
    assert open_sightings(path).frames.tolist() == [0]
