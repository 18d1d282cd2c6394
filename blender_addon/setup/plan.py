"""What setting the server up means on this computer: what is fetched from where, and how large.

It decides and says; `installer` does it, in a process of its own. Knows no Blender.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ...shared.errors import RetakeError

STAMP = "ready.json"
"""Written last into a finished environment: what it was made of."""

TORCH = "torch>=2.6,<2.14"
PYTORCH = "https://download.pytorch.org/whl/"
CUDA = "cu128"

PYTHON_VERSIONS = ((3, 11), (3, 15))
"""First that will do, and the first that will not: PyTorch and MediaPipe have wheels between."""


@dataclass(frozen=True)
class Variant:
    """Which PyTorch. Sizes in megabytes, as they were measured on Linux; others differ a little.

    `index` empty: PyTorch comes from the Python package index as all the rest.
    """

    name: str
    text: str
    index: str
    download_mb: int
    disk_mb: int

    @property
    def source(self) -> str:
        return f"pypi.org and {PYTORCH.split('/')[2]}" if self.index else "pypi.org"


CPU = Variant("CPU", "Processor only", f"{PYTORCH}cpu", 310, 1100)
CPU_PYPI = Variant("CPU", "Processor only", "", 350, 1300)
METAL = Variant("METAL", "Apple GPU (Metal)", "", 250, 1100)
NVIDIA = Variant("CUDA", "NVIDIA GPU (CUDA)", "", 3000, 5000)
NVIDIA_INDEX = Variant("CUDA", "NVIDIA GPU (CUDA)", f"{PYTORCH}{CUDA}", 3300, 6000)


def variants(system: str, has_nvidia: bool) -> tuple[Variant, ...]:
    """What makes sense on `platform.system()`, the best first.

    PyTorch's wheels on the package index are for CUDA on Linux and for the processor on Windows.
    """
    if system == "Darwin":
        return (METAL,)
    cpu, gpu = (CPU_PYPI, NVIDIA_INDEX) if system == "Windows" else (CPU, NVIDIA)
    return (gpu, cpu) if has_nvidia else (cpu, gpu)


def sees_nvidia() -> bool:
    """Whether NVIDIA's driver is here: its tool comes with it."""
    windows = Path(os.environ.get("SYSTEMROOT", "C:/Windows"), "System32", "nvidia-smi.exe")
    return shutil.which("nvidia-smi") is not None or windows.is_file()


def variant_called(name: str) -> Variant:
    """RetakeError if there is none for this computer."""
    known = variants(platform.system(), sees_nvidia())
    for variant in known:
        if variant.name == name:
            return variant
    told = ", ".join(variant.name for variant in known)
    raise RetakeError(f"There is no server for {name} on this computer. Choose one of {told}.")


def find_wheel(folder: Path) -> Path:
    """The server's wheel that travels in the extension. RetakeError if there is none."""
    found = sorted(folder.glob("retake-*.whl"))
    if not found:
        raise RetakeError(
            "This copy of the extension carries no server. Install the zip of your system, or name "
            "an environment that has the server under 'Server Python' in the preferences."
        )
    return found[-1]


def check_computer(python: tuple[int, int], folder: Path, variant: Variant) -> None:
    """RetakeError that says what is missing: a Python that will do, or space."""
    first, too_new = PYTHON_VERSIONS
    if not first <= python < too_new:
        raise RetakeError(
            f"Blender's Python is {python[0]}.{python[1]}; the server needs {first[0]}.{first[1]} "
            f"to {too_new[0]}.{too_new[1] - 1}. Name another environment in the preferences."
        )
    free = shutil.disk_usage(_existing(folder)).free / 1e6
    if free < variant.disk_mb * 1.2:
        raise RetakeError(
            f"The server needs {variant.disk_mb * 1.2 / 1000:.1f} GB in {folder}; only "
            f"{free / 1000:.1f} GB are free. Make space, or choose another variant."
        )


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


@dataclass(frozen=True)
class Order:
    """What `installer` is told, as JSON.

    base     the Python that the environment is made from
    folder   of the environment; what is there already is replaced
    wheel    the server's own
    expected_mb, disk_mb: what is downloaded, and what it is when unpacked
    index    where PyTorch alone comes from; empty: from the usual index, as all the rest
    stamp    what is written when all is well
    """

    base: str
    folder: str
    wheel: str
    index: str
    torch: str
    expected_mb: int
    disk_mb: int
    stamp: dict[str, str]

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def order(folder: Path, wheel: Path, variant: Variant) -> Order:
    return Order(
        base=sys.executable,
        folder=str(folder),
        wheel=str(wheel),
        index=variant.index,
        torch=TORCH,
        expected_mb=variant.download_mb,
        disk_mb=variant.disk_mb,
        stamp={"wheel": digest(wheel), "variant": variant.name, "file": wheel.name},
    )


def digest(wheel: Path) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


def python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp_of(folder: Path) -> dict[str, str]:
    """What a finished environment was made of; empty if there is none."""
    try:
        stamp = json.loads((folder / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) and python_in(folder).exists() else {}


def clean_environment() -> dict[str, str]:
    """Variables for a child: none of those with which Blender's Python may have been started."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") or k == "PYTHONUTF8"}
