"""Contacts: planted feet are found, noise does not make them flicker, hypotheses vote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from retake.shared.contacts import contact_probabilities

Make = Callable[..., Any]


def _stands(world: Any, fps: float) -> Any:
    """(frames, 2): left and right foot of one motion."""
    return contact_probabilities(world[None], fps)[:, (1, 3)] > 0.5


@pytest.mark.parametrize("fps", [24.0, 50.0, 120.0])
def test_planted_feet_of_a_walk(walk: Make, fps: float) -> None:
    made = walk(int(5 * fps), fps)
    agreement = np.mean(_stands(made.world, fps) == made.planted)
    assert agreement > 0.9


def test_noise_leaves_most_contacts(walk: Make) -> None:
    """Noise of 40 mm, correlated over 0.2 s, moves a planted ankle at 0.4 m/s."""
    made = walk(500, 50.0, 0.6)
    rng = np.random.default_rng(2)
    noise = 0.025 * rng.normal(size=made.world.shape)
    for frame in range(1, 500):
        noise[frame] = 0.905 * noise[frame - 1] + np.sqrt(1 - 0.905**2) * noise[frame]
    found = _stands(made.world + noise, 50.0)
    assert np.mean(found[made.planted]) > 0.75
    assert np.mean(made.planted[found]) > 0.75


def test_a_foot_on_its_way_at_the_ends_of_a_clip_does_not_stand(walk: Make) -> None:
    sliding = walk(40, 50.0, 0.0, 0.0).world
    sliding[..., 1] -= 0.5 * np.arange(40)[:, None] / 50.0
    assert not np.any(_stands(sliding, 50.0))


def test_heel_leaves_the_floor_before_the_toes(walk: Make) -> None:
    standing = walk(150, 50.0, 0.0, 0.0).world
    standing[50:100, :, 2] += 0.06 * np.sin(np.linspace(0, np.pi, 50))[:, None]
    left_heel, left_toe, right_heel, right_toe = contact_probabilities(standing[None], 50.0).T
    assert left_toe.all()
    assert right_toe.all()
    for heel in (left_heel, right_heel):
        assert heel[:55].all()
        assert heel[-45:].all()
        assert not heel[73:77].any()


def test_a_shuffling_foot_stands_in_two_places_and_not_between(walk: Make) -> None:
    shuffling = walk(150, 50.0, 0.0, 0.0).world
    shuffling[..., 1] += 0.1 * np.clip((np.arange(150) - 65) / 20, 0, 1)[:, None]
    stands = _stands(shuffling, 50.0)
    assert stands[:60].all()
    assert stands[90:].all()
    assert not stands[75].any()


def test_hypotheses_vote(walk: Make) -> None:
    still = walk(60, 50.0, 0.0, 0.0).world
    flying = still + np.array([0.0, 0.0, 0.5])
    found = contact_probabilities(np.stack([still, still, still, flying]), 50.0)
    np.testing.assert_allclose(found, 0.75)


def test_a_person_who_stands_still_stands_in_every_frame(walk: Make) -> None:
    assert np.all(_stands(walk(100, 50.0, 0.0, 0.0).world, 50.0))


@pytest.mark.parametrize("frames", [1, 2])
def test_very_short_clips(walk: Make, frames: int) -> None:
    assert np.all(_stands(walk(frames, 50.0, 0.0, 0.0).world, 50.0))


def test_sliding_and_hovering_feet_do_not_stand(walk: Make) -> None:
    still = walk(100, 50.0, 0.0, 0.0).world
    sliding = still.copy()
    sliding[..., 1] -= np.arange(100)[:, None] / 50.0
    assert not np.any(_stands(sliding, 50.0))
    assert not np.any(_stands(still + np.array([0.0, 0.0, 0.2]), 50.0))


def test_hands_on_the_floor_are_no_feet(walk: Make) -> None:
    upside_down = walk(50, 50.0, 0.0, 0.0).world * (-1, 1, -1) + (0, 0, 1.8)
    assert not np.any(_stands(upside_down, 50.0))


def test_a_foot_on_the_limit_does_not_flicker(walk: Make) -> None:
    """A foot that wavers a little above the limit is in contact only if it was down before."""
    height = np.concatenate([np.zeros(20), np.linspace(0, 0.062, 60), np.full(120, 0.062)])
    wavering = walk(200, 50.0, 0.0, 0.0).world
    wavering[..., 2] += (height + 0.01 * np.sin(np.arange(200) / 8))[:, None]
    assert np.all(_stands(wavering, 50.0))
    assert not np.any(_stands(wavering[110:], 50.0))


def test_short_gaps_are_closed_and_short_contacts_dropped(walk: Make) -> None:
    still = walk(100, 50.0, 0.0, 0.0).world
    still[50, :, 2] += 0.2
    assert np.all(_stands(still, 50.0))
    bouncing = walk(100, 50.0, 0.0, 0.0).world
    seconds = (np.arange(100) - 50) / 50.0
    bouncing[..., 2] += np.minimum(0.3, 0.04 + 33 * seconds**2)[:, None]
    assert not np.any(_stands(bouncing, 50.0))
