"""The wheels that travel in the extension: which, where they are cached, whether they are right.

`wheels.json` is the whole decision: file name -> SHA-256. What pip must be asked for follows from
the names. Blender takes the supported Pythons from the names as well, and an abi3 wheel does not
count for it: at least one true wheel per Python (here msgpack's) must be listed. It does not know
what the wheels do.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from ...shared.errors import RetakeError

TABLE = Path(__file__).with_name("wheels.json")

DOWNLOADS_AT_ONCE = 4


class DownloadFailed(RetakeError):
    """pip could not get a wheel: the package index cannot be reached, or has it no more."""


@dataclass(frozen=True)
class Wheel:
    """A file name, project-version-python-abi-platforms.whl, and the hash of its content."""

    file: str
    sha256: str

    @property
    def requirement(self) -> str:
        project, version = self.file.split("-")[:2]
        return f"{project}=={version}"

    @property
    def pip_options(self) -> list[str]:
        """What makes pip choose this very file on any machine."""
        python, abi, platforms = self.file.removesuffix(".whl").split("-")[2:]
        options = ["--implementation", python[:2], "--abi", abi]
        options += ["--python-version", f"{python[2]}.{python[3:]}"]
        for platform in platforms.split("."):
            options += ["--platform", platform]
        return options

    def is_in(self, folder: Path) -> bool:
        path = folder / self.file
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def read_table(path: Path = TABLE) -> list[Wheel]:
    table: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return [Wheel(file, sha256) for file, sha256 in table.items()]


def fetch(cache: Path, wheels: list[Wheel]) -> list[Path]:
    """The wheels as files in `cache`; what is missing there is downloaded once.

    Raises DownloadFailed if the package index cannot be reached, RetakeError if it gives another
    file.
    """
    cache.mkdir(parents=True, exist_ok=True)
    missing = [wheel for wheel in wheels if not wheel.is_in(cache)]
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        list(pool.map(_download, missing, repeat(cache)))
    return [cache / wheel.file for wheel in wheels]


def _download(wheel: Wheel, cache: Path) -> None:
    (cache / wheel.file).unlink(missing_ok=True)  # pip would keep a file with the right name
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--no-deps", "--dest", str(cache), *wheel.pip_options]
    done = subprocess.run(
        [*command, wheel.requirement], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise DownloadFailed(f"The wheel {wheel.file} could not be downloaded: {reason}")
    if not (cache / wheel.file).is_file():
        raise RetakeError(
            f"The package index has no {wheel.file} any more; choose a version it has."
        )
    if not wheel.is_in(cache):
        raise RetakeError(
            f"{wheel.file} does not have the SHA-256 that wheels.json names; it is not used."
        )
