# pyright: basic, reportAttributeAccessIssue=false
"""`retake apply` as a program of its own, on files made here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from retake.shared.takes import Takes

FRAMES = 12


@pytest.fixture
def takes(tmp_path: Path, make_takes: Callable[..., Takes]) -> Path:
    """Random, but a takes file."""
    poses = np.random.default_rng(0).normal(size=(2, 1, 17, 3)).repeat(FRAMES, axis=1)
    path = tmp_path / "clip.npz"
    make_takes(poses - poses[:, :, :1], fps=24.0).save(path)
    return path


@pytest.fixture
def hero(tmp_path: Path) -> Path:
    """A file with a meta-rig and an armature of one bone."""
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    bpy.ops.object.armature_add()
    path = tmp_path / "hero.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
    return path


def apply(takes: Path, rig: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "retake.cli", "apply", str(takes), "--rig", str(rig)]
    command += ["-o", str(rig.with_name("shot.blend")), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence that a refusal is, without a word of Blender's own."""
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("retake: ")
    return line


def test_shot_holds_the_action_and_the_rigs_file_is_unchanged(takes: Path, hero: Path) -> None:
    before = hero.read_bytes()
    done = apply(takes, hero, "--armature", "metarig", "--hypothesis", "1")
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert "shot.blend: action 'clip' on 'metarig', frames 1 to 12 (0.46 s" in said[0]
    assert said[1].startswith("Hands, toes")
    assert hero.read_bytes() == before
    assert sorted(p.name for p in hero.parent.iterdir()) == ["clip.npz", "hero.blend", "shot.blend"]
    bpy.ops.wm.open_mainfile(filepath=str(hero.with_name("shot.blend")))
    animation = bpy.data.objects["metarig"].animation_data
    assert (animation.action.name, animation.action_slot.target_id_type) == ("clip", "OBJECT")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "has several armatures: 'Armature', 'metarig'. Name one with --armature."),
        (("--armature", "Hero"), "has no armature 'Hero'. There is: 'Armature', 'metarig'."),
        (("--armature", "Armature"), "has no bone names that Retake knows"),
        (("--armature", "metarig", "--hypothesis", "2"), "the takes hold 0 to 1"),
    ],
)
def test_refusals_are_one_sentence_and_write_nothing(
    takes: Path, hero: Path, more: tuple[str, ...], words: str
) -> None:
    assert words in refusal(apply(takes, hero, *more))
    assert not hero.with_name("shot.blend").exists()


def test_damaged_blend_file_is_refused(takes: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "hero.blend"
    damaged.write_bytes(b"BLENDER-v405" + b"\0" * 100)
    assert f"Blender cannot open {damaged}" in refusal(apply(takes, damaged))
