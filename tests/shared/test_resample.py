import numpy as np
from retake.shared.resample import MODEL_FPS, fill_gaps, model_times, resample, without_guesses
from retake.shared.skeleton import HUMAN36M


def test_given_times_give_the_given_values():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.01, 0.05, 40))
    values = rng.normal(size=(40, 3, 2))
    np.testing.assert_allclose(resample(values, times, times), values, atol=1e-12)


def test_straight_motion_stays_straight_at_uneven_times():
    times = np.array([0.0, 0.03, 0.05, 0.11, 0.2])
    new = np.linspace(0, 0.2, 33)
    np.testing.assert_allclose(resample(times * 3.0 + 1.0, times, new), new * 3 + 1, atol=1e-12)


def test_there_and_back_again_loses_little_of_a_human_motion():
    times = np.arange(60) / 60
    motion = np.sin(2 * np.pi * 2 * times)  # two swings a second
    fifty = model_times(times)
    back = resample(resample(motion, times, fifty), fifty, times)
    assert np.abs(back - motion).max() < 0.01


def test_model_times_cover_the_clip():
    times = np.arange(100) / 24
    fifty = model_times(times)
    assert fifty[0] == times[0]
    assert 0 <= fifty[-1] - times[-1] < 1 / MODEL_FPS
    np.testing.assert_allclose(np.diff(fifty), 1 / MODEL_FPS)


def test_gaps_are_bridged_and_never_seen_joints_follow_their_parent():
    times = np.arange(10) / 10
    points = np.tile(times[:, None, None], (1, 17, 2)) + np.arange(17)[None, :, None]
    holed = points.copy()
    holed[3:6, 2] = np.nan
    holed[:2, 5] = np.nan
    holed[:, 16] = np.nan
    filled = fill_gaps(holed, times, HUMAN36M.parents)
    np.testing.assert_allclose(filled[:, 2], points[:, 2])
    np.testing.assert_allclose(filled[:2, 5], points[2, 5] + np.zeros((2, 2)))
    np.testing.assert_allclose(filled[:, 16], points[:, 15])


def test_one_seen_joint_is_enough():
    points = np.full((4, 17, 2), np.nan)
    points[1, 10] = 7
    assert np.isfinite(fill_gaps(points, np.arange(4.0), HUMAN36M.parents)).all()


def test_a_guessed_keypoint_is_unknown_unless_all_are_guesses():
    points, confidence = np.ones((30, 17, 2)), np.ones((30, 17))
    confidence[10:20, 16] = 0.1
    known = np.isfinite(without_guesses(points, confidence)).all(axis=-1)
    np.testing.assert_array_equal(known, confidence == 1)
    np.testing.assert_array_equal(without_guesses(points, confidence * 0.1), points)
