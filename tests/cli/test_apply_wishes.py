"""Options of `retake apply` that say how the motion should be, without Blender."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from retake.blender_addon.rig.take_in_world import contacts_shown
from retake.blender_addon.rig.wishes import Wishes
from retake.cli import apply_wishes
from retake.shared.contact_spans import ContactSpans
from retake.shared.errors import RetakeError
from retake.shared.takes import Takes


@pytest.fixture
def takes(make_takes: Callable[..., Takes]) -> Takes:
    contacts = np.zeros((30, 4), np.float32)
    contacts[10:20, :2] = 0.9
    poses = np.random.default_rng(0).normal(size=(1, 30, 17, 3))
    return make_takes(poses - poses[:, :, :1], fps=25.0, contacts=contacts)


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    apply_wishes.add_arguments(parser)
    files = {"takes": Path("clip.npz"), "rig": Path("hero.blend"), "out": Path("shot.blend")}
    return parser.parse_args(given, argparse.Namespace(**files))


def test_nothing_asked_is_nothing_wished(takes: Takes) -> None:
    wishes = apply_wishes.read(arguments(), takes)
    assert (wishes.contacts, wishes.root, wishes.controls) == (None, "hips", "auto")
    assert not wishes.smoothing_of(takes.times).any()


def test_smoothing_per_limb_and_range_the_later_holds(takes: Takes) -> None:
    start = takes.times[0]
    span = f"{start + 0.4}-{start + 0.8}"
    args = arguments("--smooth", "0.1", "--smooth", f"0.3:left_arm,right_arm:{span}")
    seconds = apply_wishes.read(args, takes).smoothing_of(takes.times)
    assert set(seconds[:10].ravel()) == {0.1}
    inside = (takes.times > start + 0.41) & (takes.times < start + 0.79)
    assert set(seconds[np.ix_(inside, range(11, 17))].ravel()) == {0.3}
    assert set(seconds[:, :11].ravel()) == {0.1}


@pytest.mark.parametrize(
    "text", ["x", "", "0.1:nose", "-1", "0.1:left_arm:3", "0.1::4-3", "0.1:left_arm:1-2:3", "nan"]
)
def test_smoothing_that_cannot_be_read_is_refused(takes: Takes, text: str) -> None:
    with pytest.raises(RetakeError):
        apply_wishes.read(arguments("--smooth", text), takes)


def test_contacts_are_written_edited_and_read(takes: Takes, tmp_path: Path) -> None:
    file = tmp_path / "feet.json"
    contacts_shown(takes, 0, Wishes()).save(file)
    found = ContactSpans.load(file)
    assert found.left_heel == found.left_toe != ()
    assert found.right_heel == ()
    file.write_text('{"right_toe": [[0.1, 0.2]]}', encoding="utf-8")
    wishes = apply_wishes.read(arguments("--contacts", str(file)), takes)
    assert wishes.contacts == ContactSpans(right_toe=((0.1, 0.2),))
    with pytest.raises(RetakeError, match="never overwritten"):
        apply_wishes.read(arguments("--contacts", str(file), "--write-contacts", str(file)), takes)


def scene(**objects: Any) -> Any:
    return SimpleNamespace(objects=objects)


def test_hands_at_places_in_the_world(takes: Takes, tmp_path: Path) -> None:
    file = tmp_path / "hands.json"
    file.write_text('[{"hand": "left", "first": 0, "last": 0.5, "at": [1, 2, 3]}]', "utf-8")
    args = arguments("--hands", str(file))
    wishes = apply_wishes.in_scene(apply_wishes.read(args, takes), args, takes, scene(), 25.0)
    (reach,) = wishes.reaches
    assert (reach.hand, reach.last, reach.place.tolist()) == ("left", 0.5, [1, 2, 3])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("{}", "does not hold hands"),
        ('[{"hand": "left", "first": 0, "last": 1}]', "does not hold hands"),
        ('[{"hand": "left", "first": 0, "last": 1, "at": [1, 2]}]', "does not hold hands"),
        ('[{"hand": "left", "first": 0, "last": 1, "object": "Cup"}]', "no object 'Cup'"),
        ('[{"hand": "third", "first": 0, "last": 1, "at": [1, 2, 3]}]', "left or right"),
        ('[{"hand": "left", "first": 2, "last": 1, "at": [1, 2, 3]}]', "earlier time first"),
    ],
)
def test_hands_that_make_no_sense_are_refused(
    takes: Takes, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "hands.json"
    file.write_text(text, encoding="utf-8")
    args = arguments("--hands", str(file))
    with pytest.raises(RetakeError, match=words):
        apply_wishes.in_scene(apply_wishes.read(args, takes), args, takes, scene(), 25.0)


def test_only_a_camera_is_a_camera(takes: Takes) -> None:
    args = arguments("--camera", "Cup")
    wishes = apply_wishes.read(args, takes)
    with pytest.raises(RetakeError, match="type MESH; expected CAMERA"):
        apply_wishes.in_scene(wishes, args, takes, scene(Cup=SimpleNamespace(type="MESH")), 25.0)


def test_contacts_are_not_written_where_the_result_goes(takes: Takes) -> None:
    with pytest.raises(RetakeError, match="cannot hold both"):
        apply_wishes.read(arguments("--write-contacts", "shot.blend"), takes)
