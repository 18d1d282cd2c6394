"""`python -m retake.blender_addon.packaging`: get the wheels, build and validate zips in dist/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...shared.errors import RetakeError
from . import build_zip, wheels


def main() -> int:
    parser = argparse.ArgumentParser(prog="retake.blender_addon.packaging", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("dist"), help="folder for the zips")
    parser.add_argument(
        "--split-platforms", action="store_true", help="one zip per operating system"
    )
    arguments = parser.parse_args()
    try:
        files = wheels.fetch(build_zip.WHEEL_CACHE, wheels.read_table())
        zips = build_zip.build(arguments.output, files, split_platforms=arguments.split_platforms)
    except RetakeError as error:
        sys.stderr.write(f"extension: {error}\n")
        return 1
    for path in zips:
        sys.stdout.write(f"{path}  {path.stat().st_size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
