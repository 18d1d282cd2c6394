# pyright: basic, reportAttributeAccessIssue=false
"""What speaks against the takes in the list: the rig's own limits among it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import bpy
import pytest

Part = Callable[[str], ModuleType]


@pytest.fixture
def rig(installed: str):
    assert bpy.ops.retake.try_sample(play=False) == {"FINISHED"}
    return bpy.context.scene.retake.character


def _hold(rig) -> str:
    bone = rig.pose.bones["upper_arm.L"]
    limit = bone.constraints.new("LIMIT_ROTATION")
    limit.owner_space, limit.use_limit_x, limit.min_x, limit.max_x = "LOCAL", True, 0.0, 0.05
    return bone.name


def _texts(draw: Any, part: Part) -> str:
    return " ".join(text for _, text in draw(part("takes.panel").RETAKE_PT_takes))


def test_without_limits_nothing_is_said(rig, part: Part, draw: Any) -> None:
    assert bpy.ops.retake.find_doubts() == {"FINISHED"}
    assert all(row.held == 0 for row in bpy.context.scene.retake.takes)
    assert "limits" not in _texts(draw, part)


@pytest.mark.parametrize("way", ["looked through again", "worn"])
def test_limits_of_the_rig_are_in_the_row(rig, part: Part, draw: Any, way: str) -> None:
    bone = _hold(rig)
    if way == "worn":
        assert bpy.ops.retake.apply_choice() == {"FINISHED"}
    else:
        assert bpy.ops.retake.find_doubts() == {"FINISHED"}
    row = bpy.context.scene.retake.takes[0]
    assert 0.05 < row.held <= 1
    assert row.held_bone == bone
    assert row.held_degrees > 1
    text = _texts(draw, part)
    assert "limits hold it back" in text
    assert bone in text
