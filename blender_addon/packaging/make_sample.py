"""`python -m retake.blender_addon.packaging.make_sample`: the takes that travel with the sample.

They are what `retake lift` gives for the sample's track, rounded so that they pack well. To be made
again whenever a better model is shipped.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...shared.errors import RetakeError
from ...shared.takes import Takes

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
SAMPLE = "pose2sim_cam01"

HYPOTHESES, ITERATIONS = 12, 10
"""Enough for several real alternatives per limb in a file below 200 kB."""

DIGITS = 4
"""Metres are rounded to 0.1 mm: below what a foot on the floor shows, and half the size."""

ROUNDED = ("poses", "root", "spread", "contacts")


def rounded(takes: Takes) -> Takes:
    """The same takes in fewer digits."""
    return replace(
        takes,
        **{name: np.round(getattr(takes, name), DIGITS).astype(np.float32) for name in ROUNDED},
    )


def make(out: Path, model: str = "") -> Takes:
    """Lift the sample's track and save its takes to `out`. RetakeError if that fails."""
    with tempfile.TemporaryDirectory(prefix="retake-sample-") as folder:
        whole = Path(folder, "takes.npz")
        command = [sys.executable, "-P", "-m", "retake.cli", "lift", str(SAMPLES / f"{SAMPLE}.npz")]
        command += ["--out", str(whole), "--hypotheses", str(HYPOTHESES)]
        command += ["--iterations", str(ITERATIONS), *(["--model", model] if model else [])]
        if subprocess.call(command):
            raise RetakeError("The sample could not be lifted; the reason stands above.")
        takes = rounded(Takes.load(whole))
    takes.save(out)
    return takes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=SAMPLES / f"{SAMPLE}.takes.npz")
    parser.add_argument("--model", default="", help="default: the shipped one")
    arguments = parser.parse_args()
    try:
        takes = make(arguments.out, arguments.model)
    except RetakeError as error:
        sys.stderr.write(f"sample: {error}\n")
        return 1
    size = arguments.out.stat().st_size / 1000
    sys.stdout.write(f"{arguments.out}: {takes.hypothesis_count} takes, {size:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
