"""Tracks and takes survive the wire."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from retake.blender_addon.takes.messages import LiftSettings, lift_request, takes_of
from retake.blender_addon.takes.rows import BEST, rows_of
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.protocol import Array, Lift, Result, decode_reply, decode_request, encode
from retake.shared.takes import Takes


def test_a_track_arrives_as_it_was_with_its_gaps(track: KeypointTrack) -> None:
    settings = LiftSettings(hypotheses=4, iterations=2, seed=9, model="small", focal=900.0)
    sent = decode_request(encode(lift_request("job", track, settings)))
    assert isinstance(sent, Lift)
    np.testing.assert_array_equal(sent.points.unpack("points"), track.points)
    np.testing.assert_array_equal(sent.times.unpack("times"), track.times)
    assert (sent.width, sent.height, sent.fps) == (640, 480, 25.0)
    assert (sent.hypotheses, sent.iterations, sent.seed, sent.model) == (4, 2, 9, "small")
    assert sent.focal == 900.0


def test_takes_arrive_as_they_were(takes: Takes, result: Result) -> None:
    received = decode_reply(encode(result))
    assert isinstance(received, Result)
    read = takes_of(received)
    for field in fields(Takes):
        before: Any = getattr(takes, field.name)
        assert np.all(before == getattr(read, field.name)), field.name


@pytest.mark.parametrize("meta", ["", "[]", "{}", '{"fps": "fast"}'])
def test_takes_without_a_sensible_description_are_refused(result: Result, meta: str) -> None:
    with pytest.raises(RetakeError, match="does not hold takes"):
        takes_of(replace(result, meta=meta))


def test_takes_whose_parts_do_not_fit_are_refused(result: Result) -> None:
    other = Array.pack(np.zeros((1, 3), np.float32))
    with pytest.raises(RetakeError, match="'root'"):
        takes_of(replace(result, root=other))


def test_the_list_begins_with_the_automatic_choice_then_the_likeliest(takes: Takes) -> None:
    rows = rows_of(takes)
    assert [row.hypothesis for row in rows] == [BEST, 1, 2, 0]
    assert sum(row.share for row in rows[1:]) == pytest.approx(1)
    assert len({row.name for row in rows}) == len(rows)
