"""The second detector: networks of the user's, from a picture to points of a track."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from retake.server.detect.child_process import find_people
from retake.server.detect.crops import crop, to_picture, view_of
from retake.server.detect.detect import choose_and_mend
from retake.server.detect.onnx_boxes import BoxFinder
from retake.server.detect.onnx_decoding import decoding_of, heatmaps, simcc
from retake.server.detect.onnx_pose import OnnxPose
from retake.server.detect.order import Order
from retake.shared.errors import RetakeError

from .onnx_networks import COLOURS, no_pose_network, rtmpose, vitpose, yolox

Picture = npt.NDArray[np.uint8]

_ACROSS = [0, 8, -8, 18, -18, 38, -38, 60, -60, 70, -70, 22, -22, 26, -26, 28, -28]
_DOWN = [-90, -98, -98, -92, -92, -60, -60, -20, -20, 20, 20, 20, 20, 70, 70, 120, 120]

BODY = np.column_stack([_ACROSS, _DOWN]).astype(np.float64)
"""17 points of COCO around the middle of a person, pixels."""


def person_at(x: float, y: float, scale: float = 1.0) -> npt.NDArray[np.float64]:
    return BODY * scale + (x, y)


def picture_of(
    *people: npt.NDArray[np.float64], size: tuple[int, int] = (640, 480), radius: float = 5.0
) -> Picture:
    """Discs of the colours of the points on grey."""
    width, height = size
    picture = np.full((height, width, 3), (200, 60, 190), np.uint8)
    rows, columns = np.mgrid[:height, :width] + 0.5
    for person in people:
        for colour, (x, y) in zip(COLOURS, person, strict=True):
            picture[(columns - x) ** 2 + (rows - y) ** 2 <= radius**2] = colour
    return picture


def test_a_crop_is_the_part_of_the_picture_and_points_come_back() -> None:
    picture = picture_of(person_at(320, 240))
    view = view_of(np.array([200, 100, 400, 380]), (192, 256), 1.25)
    assert (view[2] - view[0]) / (view[3] - view[1]) == pytest.approx(192 / 256)
    assert (view[:2] + view[2:]) / 2 == pytest.approx([300, 240])
    np.testing.assert_array_equal(crop(picture, np.array([0, 0, 640, 480]), (640, 480)), picture)
    outside = crop(picture, np.array([-100, 0, 0, 480]), (10, 48))
    assert not outside[:, :-1].any()
    places = np.array([[0.0, 0.0], [192.0, 256.0]])
    assert to_picture(places, view, (192, 256)) == pytest.approx(view.reshape(2, 2))


def test_simcc_scores_are_read_at_their_highest() -> None:
    columns, rows = np.zeros((1, 3, 384), "f4"), np.zeros((1, 3, 512), "f4")
    columns[0, [0, 1, 2], [10, 200, 383]] = 0.9, 0.4, 0.8
    rows[0, [0, 1, 2], [0, 100, 511]] = 0.7, 0.6, 0.2
    found = simcc([columns, rows], (192, 256))
    assert found[:, :2].tolist() == [[5.5, 0.5], [100.5, 50.5], [192.0, 256.0]]
    assert found[:, 2] == pytest.approx([0.7, 0.4, 0.2])


def test_heat_maps_are_read_between_their_cells() -> None:
    random = np.random.default_rng(0)
    truth = random.uniform((4, 4), (43, 59), (17, 2))
    rows, columns = np.mgrid[:64, :48]
    off = (columns - truth[:, 0, None, None]) ** 2 + (rows - truth[:, 1, None, None]) ** 2
    found = heatmaps([0.8 * np.exp(-off / 8)[None].astype("f4")], (192, 256))
    cells = (found[:, :2] - 0.5) * (47 / 191, 63 / 255)
    assert np.abs(cells - truth).max() < 0.01
    assert 0.7 < found[:, 2].min() <= found[:, 2].max() <= 0.8
    flat = heatmaps([np.full((1, 17, 64, 48), 0.1, "f4")], (192, 256))
    assert np.isfinite(flat).all()


@pytest.mark.parametrize("network", [rtmpose, vitpose])
@pytest.mark.parametrize("place", [(320, 240, 1.0), (120, 300, 1.3), (500, 200, 0.7)])
def test_points_are_found_where_they_are(
    tmp_path: Path, network: Callable[[Path], Path], place: tuple[float, float, float]
) -> None:
    truth = person_at(*place)
    detector = OnnxPose.open(network(tmp_path / "pose.onnx"), None, 1)
    assert detector.layout.name == "coco-17"
    for frame in range(3):
        moved = truth + frame * np.array([6, -3])
        (found,) = detector.detect(picture_of(moved), frame / 25)
        off = np.linalg.norm(found[:, :2] * (640, 480) - moved, axis=1)
        assert off.max() < 4.0
        assert np.median(off) < 1.5
        assert found[:, 2].min() > 0.3


def test_who_is_lost_is_found_again_and_nobody_is_nobody(tmp_path: Path) -> None:
    detector = OnnxPose.open(rtmpose(tmp_path / "pose.onnx"), None, 1)
    assert len(detector.detect(picture_of(person_at(150, 240)), 0)) == 1
    assert detector.detect(picture_of(), 1) == []
    assert len(detector.detect(picture_of(person_at(500, 240)), 2)) == 1
    detector.new_scene()
    assert len(detector.detect(picture_of(person_at(150, 240)), 3)) == 1


def test_boxes_of_a_detector_give_several_people(tmp_path: Path) -> None:
    """The detector's picture is 416 pixels for 640: its boxes are in that scale."""
    scale = 416 / 640
    dets = [
        [90 * scale, 130 * scale, 230 * scale, 370 * scale, 0.9],
        [430 * scale, 130 * scale, 570 * scale, 370 * scale, 0.8],
        [0, 0, 10, 10, 0.2],
        [200 * scale, 130 * scale, 400 * scale, 370 * scale, 0.95],
    ]
    boxes = yolox(tmp_path / "boxes.onnx", dets, [0, 0, 0, 7])
    picture = picture_of(person_at(160, 240), person_at(500, 240))
    assert BoxFinder.open(boxes).boxes(picture, 1)[0] == pytest.approx([90, 130, 230, 370])
    detector = OnnxPose.open(rtmpose(tmp_path / "pose.onnx"), boxes, 3)
    first, second = detector.detect(picture, 0)
    assert np.abs(first[:, :2] * (640, 480) - person_at(160, 240)).max() < 4
    assert np.abs(second[:, :2] * (640, 480) - person_at(500, 240)).max() < 4


@pytest.mark.timeout(120)
def test_a_clip_becomes_a_track_through_the_child_process(tmp_path: Path) -> None:
    """Pictures in order, a network in a file: the whole way, in the process of its own."""
    folder = tmp_path / "shot"
    folder.mkdir()
    for frame in range(5):
        Image.fromarray(picture_of(person_at(300 + 4 * frame, 240))).save(
            folder / f"shot.{frame + 7:04d}.png"
        )
    order = Order(folder, fps=24.0, model=rtmpose(tmp_path / "my_pose.onnx"))
    found = find_people(order, lambda done, total: None)
    track = choose_and_mend(folder, found, mend=False).track
    assert track.source == "shot, my_pose.onnx (SimCC, coco-17)"
    assert (track.frame_count, track.image_size) == (5, (640, 480))
    assert track.times == pytest.approx(np.arange(5) / 24)
    left_shoulder = person_at(300, 240)[5] + np.arange(5)[:, None] * (4, 0)
    assert np.abs(track.points[:, 11] - left_shoulder).max() < 4


def no_network(path: Path) -> None:
    path.write_bytes(b"not a network")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (no_network, "no ONNX network"),
        (no_pose_network, "expected those of RTMPose"),
        (Path.absolute, "There is no file"),
    ],
)
def test_a_file_that_is_no_pose_network(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "pose.onnx"
    make(path)
    with pytest.raises(RetakeError, match=words):
        OnnxPose.open(path, None, 1)


def test_outputs_of_other_shapes_are_refused() -> None:
    for shapes in ([(1, 17, 384)], [(1, 17, 384), (1, 16, 512)], [(2, 17, 64, 48)], [(1, 17, 3)]):
        with pytest.raises(RetakeError, match="expected those of RTMPose"):
            decoding_of([np.zeros(shape, "f4") for shape in shapes], (192, 256), "it")
