"""The pose model: where it lies on this computer, and how it is made once from the package index.

The weights are Google's MediaPipe Pose "full", Apache-2.0, as the mediapipe 0.10.21 wheel carries
them. Newer wheels carry none, and want them as one `.task` file: an uncompressed zip of the two
networks, the second one with metadata that says how its input is normalised. That file is made
here, byte for byte the same on every computer, and is used only if its SHA-256 is the one below.
This module does not know how to detect.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

from ...shared.atomic import replaced_file
from ...shared.errors import RetakeError
from .tflite_metadata import with_metadata

POSE_SHA256 = "85caaddbd701b75dc3720a25d7305bcfb28a776f645650fc02efcc9e8b650864"
FILE_NAME = "pose_landmarker_full.task"
WHEEL = "mediapipe==0.10.21"
WHEEL_MEGABYTES = 36

_PLATFORM = "--platform=manylinux_2_28_x86_64 --python-version=3.11 --implementation=cp --abi=cp311"
"""One wheel for every host: its code is not run, and all wheels of the version hold the same."""

_DETECTOR = "mediapipe/modules/pose_detection/pose_detection.tflite"
_LANDMARKS = "mediapipe/modules/pose_landmark/pose_landmark_full.tflite"
_LANDMARKS_SHA256 = "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
_DOWNLOAD_SECONDS = 600

_GET_IT = "Get it with: retake models get pose"


class PoseModelMissingError(RetakeError):
    """The pose model has not been fetched yet."""


def data_folder() -> Path:
    """Where this user's programs keep their data, or `RETAKE_DATA_DIR`. It may not exist yet."""
    if chosen := os.environ.get("RETAKE_DATA_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "retake"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/retake"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "retake"


def pose_model_path() -> Path:
    return data_folder() / FILE_NAME


def pose_model() -> bytes:
    """The content of the pose model file.

    Raises PoseModelMissingError, or RetakeError for a file that is not the known one.
    """
    path = pose_model_path()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise PoseModelMissingError(f"The pose model is not here yet. {_GET_IT}") from None
    except OSError as error:
        raise RetakeError(f"The pose model {path} could not be read: {error.strerror}.") from None
    if _sha256(content) != POSE_SHA256:
        raise RetakeError(f"The pose model {path} is damaged. {_GET_IT}")
    return content


def get_pose_model(source: Path | None = None) -> Path:
    """Make the pose model file and store it in one step; gives its path.

    `source` is a mediapipe 0.10.21 wheel or a pose model file made before; without it the wheel is
    fetched from the package index. Raises RetakeError, and then leaves what was there as it was.
    """
    content = _from_index() if source is None else _from_file(source)
    if _sha256(content) != POSE_SHA256:
        raise RetakeError(
            "The pose model has another SHA-256 than the known one, so it was not stored. "
            f"Expected a wheel of {WHEEL}, or a {FILE_NAME} made from it."
        )
    path = pose_model_path()
    _store(path, content)
    return path


def build_task(wheel: zipfile.ZipFile) -> bytes:
    """The `.task` file of a mediapipe 0.10.21 wheel's weights. KeyError if it has not these."""
    landmarks = wheel.read(_LANDMARKS)
    if _sha256(landmarks) != _LANDMARKS_SHA256:
        raise KeyError(_LANDMARKS)
    members = {
        "pose_detector.tflite": wheel.read(_DETECTOR),
        "pose_landmarks_detector.tflite": with_metadata(landmarks),
    }
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as task:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # it differs between hosts, and so would the hash
            task.writestr(entry, content)
    return output.getvalue()


def _from_file(source: Path) -> bytes:
    if not source.is_file():
        raise RetakeError(f"There is no file {source}.")
    try:
        content = source.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return build_task(archive) if _DETECTOR in archive.namelist() else content
    except OSError as error:
        raise RetakeError(f"{source} could not be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError):
        raise RetakeError(f"{source} is neither a wheel of {WHEEL} nor a {FILE_NAME}.") from None


def _from_index() -> bytes:
    with tempfile.TemporaryDirectory(prefix="retake-") as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--retries=1", "--no-deps"]
        options = ["--only-binary=:all:", *_PLATFORM.split(), f"--dest={folder}", WHEEL]
        try:
            done = subprocess.run(
                [*pip, "--disable-pip-version-check", *options],
                capture_output=True,
                text=True,
                timeout=_DOWNLOAD_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise _unreachable("the download took too long") from None
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            lines = done.stderr.strip().splitlines() or ["pip gave no reason"]
            raise _unreachable(lines[-1].removeprefix("ERROR: "))
        return _from_file(wheels[0])


def _unreachable(reason: str) -> RetakeError:
    return RetakeError(
        f"The pose model could not be fetched from the package index ({reason}). Offline, "
        f"fetch the wheel {WHEEL} elsewhere and run: retake models get pose --from FILE"
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _store(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_file(path) as part:
            part.write_bytes(content)
    except OSError as error:
        raise RetakeError(
            f"The pose model could not be stored as {path}: {error.strerror}."
        ) from None
