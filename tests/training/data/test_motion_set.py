"""The internal format: what is written is read, mapped and not loaded, whole or not at all."""

import json
import pickle  # noqa: TID251 - to see what a loading process would be sent
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from retake.shared.arrays import AnyArray, Floats
from retake.shared.errors import RetakeError
from retake.shared.resample import MODEL_FPS
from retake.shared.skeleton import HUMAN36M
from retake.training.batches import Batches
from retake.training.config import TrainConfig
from retake.training.data.motion_set import Clip, MotionSet, new_set
from retake.training.data.positions import at_model_rate
from retake.training.data.windows import laid_windows, random_windows, window_rows
from retake.training.mocap import MocapSet

RNG = np.random.default_rng(0)


def clip(name: str, frames: int = 0, split: str = "train", first: int = 0) -> Clip:
    return Clip(
        name=name,
        subject="S",
        action="walk",
        split=split,
        frames=frames,
        first=first,
        width=1000,
        height=1000,
    )


def test_what_is_written_is_read(tmp_path: Path):
    arrays = [RNG.normal(size=(n, 17, 3)).astype(np.float32) for n in (5, 9)]
    points = [RNG.normal(size=(n, 17, 2)).astype(np.float32) for n in (5, 9)]
    valid = np.arange(9) % 2 == 0
    with new_set(tmp_path / "set", HUMAN36M, "camera", {"name": "mine"}) as writer:
        writer.add(clip("a"), arrays[0], points[0])
        writer.add(clip("b", split="test"), arrays[1], points[1], valid)
    data = MotionSet.open(tmp_path / "set")
    assert data.about == {"name": "mine"}
    for number, found in enumerate(data.clips):
        np.testing.assert_array_equal(data.motion(found), arrays[number])
        np.testing.assert_array_equal(data.points(found), points[number])
    np.testing.assert_array_equal(data.counted(data.clips[1]), valid)
    assert data.counted(data.clips[0]).all()
    assert [c.name for c in data.split("test").clips] == ["b"]
    assert data.frames == 14


def write(folder: Path, *arrays: Floats) -> None:
    with new_set(folder, HUMAN36M, "world", {}) as writer:
        for positions in arrays:
            writer.add(clip("a"), positions)


def test_a_set_appears_whole_or_not_at_all(tmp_path: Path):
    good = np.zeros((4, 17, 3))
    for bad in (np.full((2, 17, 3), np.nan), np.full((2, 17, 3), np.inf)):
        with pytest.raises(RetakeError, match="not a number"):
            write(tmp_path / "set", good, bad)
    with pytest.raises(RetakeError, match="not one motion"):
        write(tmp_path / "set")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "set").mkdir()
    with pytest.raises(RetakeError, match="exists already"):
        write(tmp_path / "set", good)


def test_a_foreign_or_damaged_folder_is_refused(tmp_path: Path, world_set: Path):
    with pytest.raises(RetakeError, match="no prepared data set"):
        MotionSet.open(tmp_path)
    for damage in ("", "{}", "[1]", '{"format_version": 1}'):
        (tmp_path / "set.json").write_text(damage)
        with pytest.raises(RetakeError, match="is damaged"):
            MotionSet.open(tmp_path)
    (tmp_path / "set.json").write_text('{"format_version": 99}')
    with pytest.raises(RetakeError, match="format 99"):
        MotionSet.open(tmp_path)
    (tmp_path / "set.json").write_bytes((world_set / "set.json").read_bytes())
    (tmp_path / "positions.f32").write_bytes(b"short")
    with pytest.raises(RetakeError, match=r"is damaged|no prepared"):
        MotionSet.open(tmp_path)


def test_opening_and_sending_a_large_set_costs_no_memory(tmp_path: Path):
    frames = 400_000  # 80 MB of positions
    with new_set(tmp_path / "set", HUMAN36M, "camera", {}) as writer:
        writer.add(
            clip("a"), np.zeros((frames, 17, 3), np.float32), np.ones((frames, 17, 2), np.float32)
        )
    config = TrainConfig.load(Path(__file__).parents[3] / "training/configs/paper-h36m.toml")
    tracemalloc.start()
    batches = Batches(tmp_path / "set", config)
    keypoints, _, _ = batches[7]
    sent = pickle.dumps(batches)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert keypoints.shape == (4, 243, 17, 2)
    assert peak < 8e6
    assert len(sent) < 10_000


def test_laid_windows_cover_every_frame_once():
    clips = (clip("a", 100), clip("b", 27, first=100), clip("c", 28, first=127))
    numbers, starts = laid_windows(clips, 27)
    for number, c in enumerate(clips):
        own = starts[numbers == number]
        assert len(own) == -(-c.frames // 27)
        frames = (own[:, None] + np.arange(27)).ravel()
        inside = frames[(frames >= 0) & (frames < c.frames)]
        np.testing.assert_array_equal(inside, np.arange(c.frames))
        before, after = -frames.min(), frames.max() + 1 - c.frames
        assert 0 <= after - before <= 1  # centred


def test_window_rows_stay_in_their_clip_and_repeat_its_edges():
    clips = (clip("a", 10), clip("b", 4, first=10))
    rows = window_rows(clips, np.array([0, 1]), np.array([-2, 1]), 6)
    np.testing.assert_array_equal(rows, [[0, 0, 0, 1, 2, 3], [11, 12, 13, 13, 13, 13]])


def test_every_random_window_is_equally_likely():
    clips = (clip("a", 12), clip("b", 3, first=12))
    numbers, starts = random_windows(clips, np.random.default_rng(0), 5000, 10)
    counts = np.bincount(numbers * 3 + starts, minlength=4)
    np.testing.assert_allclose(counts / 5000, 0.25, atol=0.03)


def test_positions_in_a_file_become_a_world_set(world_set: Path, mocap_files: Path):
    data = MotionSet.open(world_set)
    mocap = MocapSet.load(mocap_files / "cmu17_val.npz")
    found = data.split("val").clips
    assert [c.subject for c in found] == list(mocap.subjects)
    for number, c in enumerate(found):
        np.testing.assert_array_equal(data.motion(c), mocap.clip(number))
    assert data.space == "world"
    assert data.keypoints is None


def test_other_frame_rates_are_resampled():
    time = np.arange(31) / 30
    motion = np.sin(2 * time)[:, None, None] * np.ones((17, 3))
    found = at_model_rate(motion, 30.0)
    expected = np.sin(2 * np.arange(len(found)) / MODEL_FPS)
    assert len(found) == 51
    np.testing.assert_allclose(found[:-1, 0, 0], expected[:-1], atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pos": np.zeros((90, 5, 3))}, "'pos' has shape"),
        ({"root": np.zeros((4, 3))}, "'root' has shape"),
        ({"start": np.array([0, 50, 40, 90])}, "does not cut"),
        ({"start": np.array([0, 90])}, "2 subjects for 1 clips"),
        ({"up": np.array("z")}, "points up is z"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    mocap_files: Path, tmp_path: Path, change: dict[str, AnyArray], message: str
):
    arrays = {**np.load(mocap_files / "cmu17_val.npz"), **change}
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(RetakeError, match=message):
        MocapSet.load(tmp_path / "x.npz")
    np.savez(tmp_path / "y.npz", a=np.zeros(3))
    with pytest.raises(RetakeError, match="has no 'pos'"):
        MocapSet.load(tmp_path / "y.npz")


@pytest.mark.parametrize(("field", "value"), [("first", 10**6), ("first", -1), ("frames", -81)])
def test_a_clip_outside_its_arrays_is_refused(
    world_set: Path, tmp_path: Path, field: str, value: int
):
    shutil.copytree(world_set, tmp_path / "set")
    path = tmp_path / "set" / "set.json"
    table = json.loads(path.read_text())
    table["clips"][0][field] = value
    path.write_text(json.dumps(table))
    with pytest.raises(RetakeError, match="outside its arrays"):
        MotionSet.open(tmp_path / "set")
