"""Protocols: which frames count, how they are averaged, what the tables hold."""

from pathlib import Path

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats
from retake.shared.choosing.calibration_error import expected_calibration_error
from retake.shared.choosing.spread import Calibration
from retake.shared.errors import RetakeError
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.skeleton import HUMAN36M, MPI_INF_3DHP
from retake.training.data.lens import project
from retake.training.data.motion_set import MotionSet
from retake.training.evaluation import paper
from retake.training.evaluation.cases import Case, tiled_cases, tiled_starts, virtual_cases
from retake.training.evaluation.evaluate import AVERAGE, Plan, evaluate, measure
from retake.training.evaluation.lifters import Sampling, constant_depth, tiled, whole_clip
from retake.training.evaluation.scores import Coverage, score

PLAN = Plan(Sampling())
RNG = np.random.default_rng(0)


def off_by(millimetres: float, hypotheses: int = 1):
    """A lifter whose joints (the root too, which does not count) are all off by so much."""

    def lift(case: Case) -> Floats:
        wrong = case.truth + np.array([0, 0, millimetres / 1000])
        return np.repeat(wrong[:, None], hypotheses, axis=1)

    return lift


def test_windows_lie_end_to_end_and_the_last_ends_with_the_clip():
    assert tiled_starts(60, 27).tolist() == [0, 27, 33]
    assert tiled_starts(54, 27).tolist() == [0, 27]
    assert tiled_starts(20, 27).tolist() == [0]


def test_human36m_counts_shared_frames_twice(human36m_set: Path):
    data = MotionSet.open(human36m_set).split("test")
    for clip, case in zip(data.clips, tiled_cases(data, 9), strict=True):
        assert case.counts.all()
        assert case.counts.size == 9 * -(-clip.frames // 9)
        np.testing.assert_array_equal(case.pixels[-1], data.points(clip)[-9:])
    long = next(iter(tiled_cases(data, 50)))
    np.testing.assert_array_equal(long.pixels[0, -1], long.pixels[0, -2])  # continued by its last
    assert long.counts.all()


def test_3dhp_counts_each_valid_frame_once(mpi_set: Path):
    data = MotionSet.open(mpi_set).split("test")
    for clip, case in zip(data.clips, tiled_cases(data, 9), strict=True):
        assert case.counts.sum() == data.counted(clip).sum()
        # The last window wins where two overlap.
        np.testing.assert_array_equal(case.counts[-1], data.counted(clip)[-9:])


def test_averages_weigh_frames_within_a_group_and_groups_alike(human36m_set: Path):
    data = MotionSet.open(human36m_set).split("test")
    cases = list(tiled_cases(data, 9))

    def lift(case: Case) -> Floats:
        return off_by(10.0 if case.group == "Sitting" else 10.0 * len(case.counts))(case)

    table = measure(lift, cases, HUMAN36M, PLAN, equal_groups=True)
    share = 16 / 17  # the root joint has no error
    walking = [len(case.counts) for case in cases if case.group == "Walking"]
    expected = 10 * share * np.average(walking, weights=walking)
    assert table["Sitting"]["MPJPE P-Agg"] == pytest.approx(10 * share, abs=1e-3)
    assert table["Walking"]["MPJPE P-Agg"] == pytest.approx(expected, abs=1e-3)
    assert table[AVERAGE]["MPJPE P-Agg"] == pytest.approx((10 * share + expected) / 2, abs=1e-3)


def test_pck_and_auc_take_the_first_fourteen_joints(mpi_set: Path):
    case = next(iter(tiled_cases(MotionSet.open(mpi_set).split("test"), 9)))

    def scores(joints: list[int]) -> dict[str, float]:
        wrong = case.truth.copy()
        wrong[..., joints, 2] += 1.0
        return score(wrong[:, None], case, MPI_INF_3DHP, 2, own_root=False)

    assert scores([15, 16])["PCK"] == 100
    assert scores([0])["PCK"] == pytest.approx(100 * 13 / 14)
    assert scores([0])["AUC"] == pytest.approx(100 * 30 / 31 * 13 / 14, rel=1e-4)


def test_levels_hold_their_own_joints(human36m_set: Path):
    case = next(iter(tiled_cases(MotionSet.open(human36m_set).split("test"), 9)))
    wrong = case.truth.copy()
    wrong[..., 13, 2] += 0.1  # a wrist: level 5, one of two
    found = score(wrong[:, None], case, HUMAN36M, 4, own_root=False)
    assert found["level 5"] == pytest.approx(50)
    assert found["level 4"] == pytest.approx(0, abs=1e-4)


def test_our_own_root_finds_what_the_true_one_finds_in_exact_poses(human36m_set: Path):
    case = next(iter(tiled_cases(MotionSet.open(human36m_set).split("test"), 9)))
    noisy = case.truth[:, None] + RNG.normal(0, 0.03, (len(case.counts), 6, 9, 17, 3))
    found = score(noisy, case, HUMAN36M, 4, own_root=True)
    true_root, own_root = (found[f"MPJPE J-Agg ({kind} root)"] for kind in ("true", "own"))
    assert found["MPJPE J-Best"] < true_root < own_root * 1.05
    assert own_root < found["MPJPE P-Best"] * 1.1


def test_virtual_cases_project_onto_their_keypoints(world_set: Path):
    data = MotionSet.open(world_set).split("test")
    exact, noisy = (list(virtual_cases(data, noise)) for noise in (False, True))
    for one, two in zip(exact, noisy, strict=True):
        np.testing.assert_allclose(project(one.positions, one.lens), one.pixels, atol=0.01)
        np.testing.assert_array_equal(one.positions, two.positions)
        assert np.abs(one.pixels - two.pixels).max() > 1
        seen = project(constant_depth(one)[:, 0] + one.positions[:, :, :1], one.lens)
        np.testing.assert_allclose(seen, one.pixels, atol=0.05)


def test_calibration_is_gathered_as_if_all_were_one_case(human36m_set: Path):
    data = MotionSet.open(human36m_set).split("test")
    cases = list(tiled_cases(data, 9))[:3]
    samples = [c.truth[:, None] + RNG.normal(0, 0.1, (len(c.counts), 120, 9, 17, 3)) for c in cases]
    noisy = [  # the truth is one more draw of the same distribution
        Case(
            c.group,
            c.pixels,
            c.positions + _noise(c.positions.shape),
            c.counts,
            c.lens,
            c.size,
            50,
            0,
        )
        for c in cases
    ]
    gathered = Coverage()
    for case, drawn in zip(noisy, samples, strict=True):
        gathered.add(drawn, case)
    whole = expected_calibration_error(
        np.concatenate([np.moveaxis(s, 1, 0).reshape(120, -1, 17, 3) for s in samples], axis=1)[
            ..., 1:, :
        ],
        np.concatenate([c.truth.reshape(-1, 17, 3) for c in noisy])[..., 1:, :],
    )
    found = gathered.table()
    assert found["ECE"] == pytest.approx(whole)
    assert found["ECE"] < 0.1
    narrow = Coverage(Calibration(factors=(0.1,) * 17))
    narrow.add(samples[0], noisy[0])
    assert narrow.table()["ECE"] > 0.3
    assert narrow.table()["coverage 90%"] < 10


def _noise(shape: tuple[int, ...]) -> Floats:
    noise = RNG.normal(0, 0.1, shape)
    noise[..., 0, :] = 0
    return noise


def tiny(skeleton: str = HUMAN36M.name) -> Diffusion:
    torch.manual_seed(0)
    return Diffusion(ModelConfig(frames=9, width=8, depth=1, heads=2, skeleton=skeleton)).eval()


def test_tiles_repeat_and_hypotheses_do_not_depend_on_their_number(human36m_set: Path):
    case = next(iter(tiled_cases(MotionSet.open(human36m_set).split("test"), 9)))
    two, three = (tiled(tiny(), Sampling(h, 2))(case) for h in (2, 3))
    assert two.shape == (len(case.counts), 2, 9, 17, 3)
    np.testing.assert_allclose(two, three[:, :2], atol=1e-6)
    assert not np.allclose(two[:, 0], two[:, 1])
    assert not np.allclose(two, tiled(tiny(), Sampling(2, 2, flip=False))(case))


def test_whole_clips_are_lifted_as_at_run_time(world_set: Path):
    case = next(iter(virtual_cases(MotionSet.open(world_set).split("test"), False)))
    poses = whole_clip(tiny(), Sampling(2, 1))(case)
    assert poses.shape == (1, 2, *case.positions.shape[1:])


def test_enough_hypotheses_bring_calibration_into_the_table(world_set: Path):
    data = MotionSet.open(world_set)
    few, many = (
        evaluate(tiny(), data, Plan(Sampling(h), own_root=False, limit=1))["model"][AVERAGE]
        for h in (2, 100)
    )
    assert "ECE" not in few
    assert 0 <= many["ECE"] <= 0.5
    assert set(many) - set(few) == {"ECE", "coverage 50%", "coverage 90%"}


def test_a_model_for_another_skeleton_is_refused(mpi_set: Path):
    with pytest.raises(RetakeError, match="the data set has mpi-inf-3dhp-17"):
        evaluate(tiny(), MotionSet.open(mpi_set), PLAN)


def test_a_set_without_test_split_is_refused(world_set: Path):
    with pytest.raises(RetakeError, match="no test split"):
        evaluate(tiny(), MotionSet.open(world_set).split("train"), PLAN)


def test_the_papers_rows_average_to_what_it_says():
    for key, average in ((1, 39.65), (5, 39.53), (20, 39.01)):
        reference = paper.REFERENCES["Human3.6M", key, 10 if key == 20 else 1]
        for metric, expected in (("MPJPE", average), ("P-MPJPE", 31.2)):
            rows = reference.values[f"{metric} J-Agg (true root)"]
            actions = [value for name, value in rows.items() if name != "average"]
            assert len(actions) == 15
            assert np.mean(actions) == pytest.approx(expected, abs=0.1)


def test_what_was_not_run_is_said():
    table = {AVERAGE: {"MPJPE J-Agg (true root)": 50.0}}
    text = paper.beside("Human3.6M", 1, 1, table)
    assert "not run" in text
    assert "+10.35" in text
    assert "J-Agg (own root)" in text
    assert "it has not" in paper.beside("Human3.6M", 3, 3, table)
    row = paper.beside("Human3.6M", 1, 1, table, "table4-1")
    assert "Table 4, row 1" in row
    assert "+9.77" in row
    assert "Table 1" not in row.splitlines()[0]
    assert "it has not" in paper.beside("Human3.6M", 5, 1, table, "table4-1")
