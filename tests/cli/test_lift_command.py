"""`retake lift`, run in this process with a model of random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from retake.cli.__main__ import main
from retake.shared.arrays import AnyArray
from retake.shared.keypoints import KeypointTrack
from retake.shared.takes import Takes


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from retake.shared.model.artifact import save_model
    from retake.shared.model.config import ModelConfig
    from retake.shared.model.diffusion import Diffusion

    folder = tmp_path_factory.mktemp("models")
    save_model(folder / "tiny", Diffusion(ModelConfig(frames=9, width=16, depth=2, heads=2)), {})
    return folder


@pytest.fixture
def track(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETAKE_MODELS", str(models))
    rng = np.random.default_rng(0)
    path = tmp_path / "track.npz"
    KeypointTrack(
        points=rng.uniform(100, 300, (17, 2)).astype(np.float32) + np.zeros((10, 1, 1), np.float32),
        confidence=np.ones((10, 17), np.float32),
        times=np.arange(10) / 25,
        image_size=(640, 480),
        fps=25.0,
        source="a test",
    ).save(path)
    return path


def test_takes_are_written_and_depend_on_the_seed_alone(track: Path, tmp_path: Path) -> None:
    poses: list[bytes] = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        out = tmp_path / f"{name}.npz"
        options = ["--model", "tiny", "--hypotheses", "2", "--iterations", "2", "--seed", seed]
        assert main(["lift", str(track), "-o", str(out), *options]) == 0
        takes = Takes.load(out)
        assert takes.poses.shape == (2, 10, 17, 3)
        poses.append(takes.poses.tobytes())
    assert poses[0] == poses[1] != poses[2]


def run(track: Path, out: str, *options: str) -> Takes:
    size = ["--model", "tiny", "--hypotheses", "2", "--iterations", "1"]
    assert main(["lift", str(track), "-o", str(track.parent / out), *size, *options]) == 0
    return Takes.load(track.parent / out)


def steer_file(track: Path, **fields: Any) -> str:
    path = track.parent / "steer.json"
    path.write_text(json.dumps(fields))
    return str(path)


def test_a_take_is_steered(track: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run(track, "first.npz", "--height", "1.8")
    steer = steer_file(
        track,
        range={"first": 2, "last": 7, "groups": ["right_arm"]},
        pins=[{"joint": 16, "frame": 4, "space": "hip", "place": [0.0, 5.0, 0.0]}],
    )
    take = ["--take", str(track.parent / "first.npz"), "--hypothesis", "1"]
    capsys.readouterr()
    takes = run(track, "again.npz", "--steer", steer, *take)
    kept = np.broadcast_to(first.poses[1], takes.poses.shape)
    np.testing.assert_array_equal(takes.poses[:, :2], kept[:, :2])
    np.testing.assert_array_equal(takes.poses[:, :, :14], kept[:, :, :14])
    assert np.abs(takes.poses - kept)[:, 4, 16].max() > 0.05
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Hypothesis 0: right_wrist stays ")
    assert any(line.startswith("Hypothesis 1: ") for line in told)


def text_file(track: Path) -> list[str]:
    track.write_text("no track")
    return []


def with_arrays(**changes: AnyArray) -> Callable[[Path], list[str]]:
    """The same track with other arrays in its file."""

    def spoil(track: Path) -> list[str]:
        with np.load(track) as archive:
            arrays = {**archive, **changes}
        np.savez(track, **arrays)  # pyright: ignore[reportArgumentType]
        return []

    return spoil


def one_frame(track: Path) -> list[str]:
    with np.load(track) as archive:
        first = {name: archive[name][:1] for name in ("points", "confidence", "times")}
    return with_arrays(**first)(track)


def steering(text: str) -> Callable[[Path], list[str]]:
    def write(track: Path) -> list[str]:
        path = (
            track.parent.parent / f"{track.parent.name}.json"
        )  # beside the folder that is watched
        path.write_text(text, encoding="latin-1")
        return ["--steer", str(path)]

    return write


BAD: dict[str, Callable[[Path], list[str]]] = {
    "no such file": lambda track: track.unlink() or [],
    "a text file": text_file,
    "no hypotheses": lambda track: ["--hypotheses", "0"],
    "unknown model": lambda track: ["--model", "nobody"],
    "negative focal length": lambda track: ["--focal", "-3"],
    "one frame": one_frame,
    "all joints missing": with_arrays(points=np.full((10, 17, 2), np.nan)),
    "no confidence": with_arrays(confidence=np.zeros((10, 17))),
    "an image without width": with_arrays(image_size=np.array([0, 480])),
    "output = input": lambda track: ["-o", str(track)],
    "output is a folder": lambda track: ["-o", str(track.parent)],
    "no such steering": lambda track: ["--steer", "absent.json"],
    "steering that is no JSON": steering("{"),
    "steering that is no text": steering("\xff\xfe"),
    "steering that is a list": steering("[]"),
    "a pinned joint that nobody has": steering(
        '{"pins": [{"joint": 99, "frame": 1, "space": "hip", "place": [0, 0, 0]}]}'
    ),
    "a take that is a track": lambda track: ["--take", str(track)],
    "a hypothesis of no take": lambda track: ["--hypothesis", "1"],
    "nobody's height": lambda track: ["--height", "9"],
    "no output folder": lambda track: ["-o", str(track.parent / "none" / "out.npz")],
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_sentence_and_nothing_is_written(
    track: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], list[str]]
) -> None:
    out = track.parent / "out.npz"
    arguments = ["lift", str(track), "-o", str(out), "--model", "tiny", *spoil(track)]
    given = track.read_bytes() if track.exists() else b""
    assert main(arguments) == 1
    assert given == (track.read_bytes() if track.exists() else b"")
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith("retake: ")
    assert error.count("\n") == 1
    assert error.endswith(".\n")
    assert [path.name for path in track.parent.iterdir() if path != track] == []


def test_a_wrong_output_is_told_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lift", str(tmp_path / "no track"), "-o", str(tmp_path)]) == 1
    assert "is a folder" in capsys.readouterr().err
