"""Each tracker's form is known by its structure, whatever the file is called, and read exactly."""

from __future__ import annotations

import json
import pickle  # noqa: TID251 - to write what other programs write, and what must not be read
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from retake.shared.arrays import Floats64
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.layouts.known import (
    BODY25,
    COCO17,
    COCO18,
    GOLIATH308,
    HALPE26,
    Layout,
)
from retake.shared.tracks.export import in_layout, write_coco, write_openpose
from retake.shared.tracks.find import open_sightings
from retake.shared.tracks.sightings import NOT_TRACKED, Sightings, one_person

SIZE = (640, 480)
FRAMES = (0, 1, 3)
"""Nobody is seen in frame 2."""


def person(layout: Layout, frame: int) -> Floats64:
    """(count, 3): x, y, confidence in pixels, different for every point and frame."""
    number = np.arange(layout.count, dtype=np.float64)
    return np.column_stack([100 + number + frame, 50 + 2 * number, 0.5 + 0.001 * number])


def flat(layout: Layout, frame: int) -> list[float]:
    return person(layout, frame).reshape(-1).tolist()


def check(found: Sightings, layout: Layout, format: str, frames: tuple[int, ...] = FRAMES) -> None:
    assert (found.format, found.frames.tolist()) == (format, list(frames))
    assert found.places == layout.places
    expected = np.stack([person(layout, frame) for frame in frames])
    np.testing.assert_allclose(found.in_pixels(SIZE), expected[..., :2], atol=2e-3)
    np.testing.assert_allclose(found.confidence, expected[..., 2], atol=1e-6)


def write(path: Path, data: Any) -> Path:
    path.write_text(json.dumps(data), "utf-8")
    return path


def write_frames(folder: Path, pages: dict[str, Any]) -> Path:
    folder.mkdir()
    for name, page in pages.items():
        write(folder / name, page)
    return folder


def openpose(people: list[Any]) -> dict[str, Any]:
    return {"version": 1.3, "people": people}


@pytest.mark.parametrize("layout", [BODY25, COCO18])
@pytest.mark.parametrize("unit", ["pixels", "fractions", "centred"])
def test_openpose(tmp_path: Path, layout: Layout, unit: str) -> None:
    def row(frame: int) -> list[float]:
        values = person(layout, frame)
        if unit != "pixels":
            values[:, :2] /= SIZE
        if unit == "centred":
            values[:, :2] = 2 * values[:, :2] - 1
        return values.reshape(-1).tolist()

    pages = {
        f"clip_{frame:012d}_keypoints.json": openpose(
            [{"person_id": [-1], "pose_keypoints_2d": row(frame), "face_keypoints_2d": []}]
            if frame in FRAMES
            else []
        )
        for frame in range(4)
    }
    check(open_sightings(write_frames(tmp_path / "any", pages)), layout, "OpenPose")


def test_openpose_writes_zeros_for_missing_points(tmp_path: Path) -> None:
    values = person(BODY25, 0)
    values[4] = 0
    page = openpose([{"pose_keypoints_2d": values.reshape(-1).tolist()}])
    found = open_sightings(write_frames(tmp_path / "f", {"a_0_keypoints.json": page}))
    assert np.isnan(found.points[0, 4]).all()
    assert found.confidence[0, 4] == 0


@pytest.mark.parametrize("layout", [COCO17, HALPE26])
def test_alphapose(tmp_path: Path, layout: Layout) -> None:
    entries = [
        {
            "image_id": f"{frame}.jpg",
            "category_id": 1,
            "keypoints": flat(layout, frame),
            "score": 2.9,
            "idx": [[7.0]],
        }
        for frame in (3, 0, 1)
    ]
    found = open_sightings(write(tmp_path / "results.txt", entries))
    check(found, layout, "AlphaPose")
    assert found.ids.tolist() == [7, 7, 7]


def test_alphapose_cmu(tmp_path: Path) -> None:
    pages = {f"{f}.jpg": {"bodies": [{"joints": flat(COCO18, f)}]} for f in FRAMES}
    check(open_sightings(write(tmp_path / "a.json", pages)), COCO18, "AlphaPose")


def instance(layout: Layout, frame: int) -> dict[str, Any]:
    values = person(layout, frame)
    return {
        "keypoints": values[:, :2].tolist(),
        "keypoint_scores": values[:, 2].tolist(),
        "bbox": [[1, 2, 3, 4]],
    }


def test_mmpose_inferencer_counts_from_0(tmp_path: Path) -> None:
    pages = [
        {"frame_id": f, "instances": [instance(COCO17, f)] if f in FRAMES else []} for f in range(4)
    ]
    check(open_sightings(write(tmp_path / "x", pages)), COCO17, "MMPose")


def test_mmpose_demo_counts_from_1(tmp_path: Path) -> None:
    infos = [{"frame_id": f + 1, "instances": [instance(HALPE26, f)]} for f in FRAMES]
    page = {"meta_info": {"dataset_name": "halpe26"}, "instance_info": infos}
    check(open_sightings(write(tmp_path / "x.json", page)), HALPE26, "MMPose")


def test_sapiens_one_file_per_image(tmp_path: Path) -> None:
    pages = {
        f"{f:06d}.json": {"meta_info": {}, "instance_info": [instance(GOLIATH308, f)]}
        for f in FRAMES
    }
    check(open_sightings(write_frames(tmp_path / "s", pages)), GOLIATH308, "MMPose")


def test_coco_results(tmp_path: Path) -> None:
    results = [
        {"image_id": f, "category_id": 1, "keypoints": flat(COCO17, f), "score": 0.7}
        for f in FRAMES
    ]
    check(open_sightings(write(tmp_path / "r.json", results)), COCO17, "COCO")


def test_coco_annotations_have_names_and_a_visibility(tmp_path: Path) -> None:
    names = ["left_shoulder", "right_shoulder", "left_hip", "right_hip"]
    page = {
        "images": [{"id": 900 + f, "file_name": f"img_{10 * f}.jpg"} for f in (2, 0, 1)],
        "annotations": [
            {"image_id": 902, "keypoints": [1, 2, 2, 3, 4, 1, 0, 0, 0, 7, 8, 2], "bbox": [0] * 4}
        ],
        "categories": [{"keypoints": names, "skeleton": []}],
    }
    found = open_sightings(write(tmp_path / "a.json", page))
    assert found.frames.tolist() == [2]
    assert dict(found.places) == {name: i for i, name in enumerate(names)}
    assert found.confidence[0].tolist() == [1.0, 0.5, 0.0, 1.0]


def test_ultralytics_json(tmp_path: Path) -> None:
    def page(frame: int) -> list[Any]:
        x, y, visible = person(COCO17, frame).T.tolist()
        points = {"x": x, "y": y, "visible": visible}
        return [{"name": "person", "class": 0, "track_id": 4, "keypoints": points, "box": {}}]

    pages = {f"clip_{f}.json": page(f) if f in FRAMES else [] for f in range(4)}
    found = open_sightings(write_frames(tmp_path / "u", pages))
    check(found, COCO17, "Ultralytics")
    assert set(found.ids.tolist()) == {4}


@pytest.mark.parametrize("more", [[], [0.9], [0.9, 5]])
def test_ultralytics_labels_are_fractions_and_count_from_1(
    tmp_path: Path, more: list[float]
) -> None:
    folder = tmp_path / "labels"
    folder.mkdir()
    for frame in FRAMES:
        values = person(COCO17, frame)
        values[:, :2] /= SIZE
        line = [0, 0.5, 0.5, 0.1, 0.2, *values.reshape(-1).tolist(), *more]
        (folder / f"clip_{frame + 1}.txt").write_text(" ".join(map(str, line)) + "\n", "utf-8")
    found = open_sightings(folder)
    check(found, COCO17, "Ultralytics")
    assert set(found.ids.tolist()) == ({5} if len(more) == 2 else {NOT_TRACKED})


@pytest.mark.parametrize("individuals", [False, True])
def test_deeplabcut(tmp_path: Path, individuals: bool) -> None:
    names = sorted(COCO17.places, key=COCO17.places.__getitem__)
    columns = [(n.replace("_", " ").title(), axis) for n in names for axis in "xyl"]
    head = [
        ["scorer", *["net"] * len(columns)],
        ["bodyparts", *[name for name, _ in columns]],
        ["coords", *[{"l": "likelihood"}.get(axis, axis) for _, axis in columns]],
    ]
    if individuals:
        head.insert(1, ["individuals", *["a"] * len(columns)])
    body = [[f, *(flat(COCO17, f) if f in FRAMES else [""] * 51)] for f in range(4)]
    path = tmp_path / "dlc.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [*head, *body]), "utf-8")
    check(open_sightings(path), COCO17, "DeepLabCut")


def objects(items: list[Any]) -> np.ndarray[Any, Any]:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def test_detectron_for_videopose(tmp_path: Path) -> None:
    def rows(frame: int) -> Any:
        x, y, score = person(COCO17, frame).T
        return np.stack([x, y, score * 0 - 3, score])[None].astype(np.float32)

    keypoints = [[[], rows(f) if f in FRAMES else []] for f in range(4)]
    boxes = [[[], np.ones((1, 5), np.float32)] for _ in range(4)]
    path = tmp_path / "d.mp4.npz"
    np.savez_compressed(
        path,
        boxes=np.array(boxes, dtype=object),
        keypoints=objects(keypoints),
        metadata=np.array({"w": 640, "h": 480}, dtype=object),
    )
    check(open_sightings(path), COCO17, "Detectron2")


def test_videopose_custom_set(tmp_path: Path) -> None:
    points = np.stack([person(COCO17, f)[:, :2] for f in range(3)]).astype(np.float32)
    videos = {"clip.mp4": {"custom": [points]}}
    path = tmp_path / "set.npz"
    np.savez(path, positions_2d=np.array(videos, dtype=object))
    found = open_sightings(path)
    np.testing.assert_allclose(found.points, points)
    assert (found.confidence == 1).all()
    videos["other.mp4"] = {"custom": [points]}
    np.savez(path, positions_2d=np.array(videos, dtype=object))
    with pytest.raises(RetakeError, match=r"several videos \(clip.mp4, other.mp4\)"):
        open_sightings(path)


class _Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_that_runs_something_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    path = tmp_path / "evil.npz"
    np.savez(path, positions_2d=np.array({"v": _Evil(trace)}, dtype=object), keypoints=[1])
    with pytest.raises(RetakeError, match="wants to run"):
        open_sightings(path)
    assert not trace.exists()
    pickle.loads(pickle.dumps(_Evil(trace)))
    assert trace.exists()  # the file was indeed a dangerous one


UNKNOWN: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello world",
    "another JSON": b'{"frames": [1, 2]}',
    "a number": b"[1, 2, 3]",
    "cut JSON": b'{"people": [{"pose_key',
    "deep": b"[" * 100_000,
    "binary": bytes(range(256)) * 9,
    "zip": b"PK\x03\x04" + b"\0" * 99,
    "hdf5": b"\x89HDF\r\n\x1a\n" + b"\0" * 99,
    "nobody": b'{"people": []}',
    "strings": b'{"people": [{"pose_keypoints_2d": ["a", "b", "c"]}]}',
    "ragged": b'{"people": [{"pose_keypoints_2d": [[1, 2], 3, 4]}]}',
    "no such layout": b'{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}',
    "no points": b'{"people": [{}]}',
    "a person that is none": b'{"people": [7]}',
}


@pytest.mark.parametrize("content", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_not_known_ends_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(RetakeError) as caught:
        open_sightings(path)
    assert str(caught.value).endswith(".")
    with pytest.raises(RetakeError, match=r"no file|no \.json"):
        open_sightings(tmp_path / "nowhere")


def test_damaged_files_never_end_in_anything_else(tmp_path: Path) -> None:
    """Values of every kind put into random places of a good file."""
    chance = random.Random(0)
    goods: list[Any] = [
        openpose([{"pose_keypoints_2d": flat(BODY25, 0)}]),
        [{"image_id": "1.jpg", "keypoints": flat(COCO17, 1), "idx": 1}],
        [{"image_id": 1, "keypoints": flat(COCO17, 1)}],
        [{"frame_id": 0, "instances": [instance(COCO17, 0)]}],
        {"instance_info": [{"frame_id": 1, "instances": [instance(COCO17, 0)]}]},
        {"annotations": [{"image_id": 1, "keypoints": flat(COCO17, 1)}], "images": [{"id": 1}]},
        [{"keypoints": {"x": [1] * 17, "y": [1] * 17, "visible": [1] * 17}, "track_id": 1}],
    ]
    bad: list[Any] = [None, -1, 1e300, float("nan"), float("inf"), "x", [], {}, True, [[[]]]]
    outcomes = {"read": 0, "refused": 0}
    for number in range(700):
        data = json.loads(json.dumps(goods[number % len(goods)]))
        _spoil(data, chance, bad)
        try:
            found = open_sightings(write(tmp_path / "f.json", data))
            assert found.points.dtype == np.float32
            assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
            outcomes["read"] += 1
        except RetakeError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50


def _spoil(data: Any, chance: random.Random, bad: list[Any]) -> None:
    """Walks down a random way and replaces what is there."""
    while True:
        keys = list(data) if isinstance(data, dict) else list(range(len(data)))
        key = chance.choice(keys)
        if not isinstance(data[key], (list, dict)) or not data[key] or chance.random() < 0.25:
            data[key] = chance.choice(bad)
            return
        data = data[key]


@pytest.fixture
def track() -> KeypointTrack:
    rows = np.stack([person(BODY25, f) for f in range(5)]).astype(np.float32)
    rows[2] = 0
    found = Sightings(
        frames=np.array([0, 1, 3, 4]),
        points=rows[[0, 1, 3, 4], :, :2],
        confidence=rows[[0, 1, 3, 4], :, 2],
        ids=np.zeros(4, np.intp),
        places=BODY25.places,
        format="test",
    )
    return one_person(found, range(4), SIZE, fps=25.0)


@pytest.mark.parametrize(
    ("layout", "writer", "name"),
    [(BODY25, write_openpose, "folder"), (COCO17, write_coco, "file.json")],
)
def test_a_written_file_reads_back(
    tmp_path: Path,
    track: KeypointTrack,
    layout: Layout,
    writer: Callable[[KeypointTrack, Path], None],
    name: str,
) -> None:
    writer(track, tmp_path / name)
    found = open_sightings(tmp_path / name)
    assert found.frames.tolist() == [0, 1, 3, 4]
    assert [p.name for p in tmp_path.iterdir()] == [name]
    again = one_person(found, range(4), SIZE, fps=25.0)
    limbs = [0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    np.testing.assert_allclose(again.points[:, limbs], track.points[:, limbs], atol=2e-3)
    np.testing.assert_allclose(in_layout(again, layout), in_layout(track, layout), atol=2e-3)


def test_the_frame_rate_must_be_known(track: KeypointTrack, tmp_path: Path) -> None:
    write_coco(track, tmp_path / "a.json")
    with pytest.raises(RetakeError, match="frame rate is not in this file"):
        one_person(open_sightings(tmp_path / "a.json"), [0, 1], SIZE)
