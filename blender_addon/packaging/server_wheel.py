"""The server as a wheel that travels in the zip: the whole package, with the shipped models.

Built from a copy of what belongs to it, so that nothing left over from other builds gets in.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ...shared.errors import RetakeError

FOLDER = "server_wheel"
"""In the zip. It is not among the wheels that Blender installs: it is for an environment of its
own."""

PARTS = ("blender_addon", "cli", "server", "shared", "training")
FILES = ("pyproject.toml", "README.md", "LICENSE")

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def build_server_wheel(house: Path, output: Path) -> Path:
    """Build it from the checkout `house` into `output`. RetakeError if that fails."""
    if not (house / "pyproject.toml").is_file():
        raise RetakeError(f"The server's wheel is built from a checkout; {house} is none.")
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("retake-*.whl"):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="retake-wheel-") as folder:
        for name in PARTS:
            shutil.copytree(house / name, Path(folder, name), ignore=_LEFT_OUT)
        for name in FILES:
            if (house / name).is_file():
                shutil.copy(house / name, folder)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--wheel-dir", str(output), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = sorted(output.glob("retake-*.whl"))
    if done.returncode or not found:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise RetakeError(f"The server's wheel could not be built: {reason}")
    return found[0]
