"""Who a detect job is about: what is asked, and what is refused."""

from functools import partial

import pytest
from retake.blender_addon.track.messages import PEOPLE, detect_request
from retake.server.worker.requests import read_choice
from retake.shared.errors import RetakeError
from retake.shared.protocol import Detect
from retake.shared.tracks.choice import by_click


def test_nobody_named_is_the_largest():
    assert read_choice(detect_request("job", "/video.mp4")) is None


def test_a_click_names_who_is_there():
    request = detect_request("job", "/video.mp4", (30.0, 40.0, 2.0))
    assert request.people == PEOPLE
    choose = read_choice(request)
    assert isinstance(choose, partial)
    assert choose.func is by_click
    assert choose.keywords == {"frame": 2, "place": (30.0, 40.0)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 0},
        {"people": 9},
        {"place": [1.0]},
        {"place": [1.0, 2.0, -1.0]},
        {"place": [1.0, float("nan"), 2.0]},
    ],
)
def test_nonsense_is_refused_by_its_field(wrong: dict[str, object]):
    with pytest.raises(RetakeError, match=next(iter(wrong))):
        read_choice(Detect(job_id="job", path="/video.mp4", **wrong))  # pyright: ignore[reportArgumentType]
