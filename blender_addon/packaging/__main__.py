"""`python -m retake.blender_addon.packaging`: the zips of the extension and their repository.

One zip per operating system, each with the libraries of all supported Pythons and with the server's
own wheel; validated by Blender's tool. `index.json` beside them makes the folder a repository.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...shared.errors import RetakeError
from . import build_zip, server_wheel, wheels


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="retake.blender_addon.packaging", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument(
        "--output", type=Path, default=Path("dist/extension"), help="folder for the zips"
    )
    parser.add_argument(
        "--all-in-one", action="store_true", help="one zip for all operating systems, no index"
    )
    arguments = parser.parse_args()
    try:
        sys.stdout.write("\n".join(_build(arguments.output, arguments.all_in_one)) + "\n")
    except RetakeError as error:
        sys.stderr.write(f"extension: {error}\n")
        return 1
    return 0


def _build(output: Path, all_in_one: bool) -> list[str]:
    """What was written, a line per file with its size."""
    server = server_wheel.build_server_wheel(build_zip.HOUSE, build_zip.WHEEL_CACHE.parent / "own")
    files = wheels.fetch(build_zip.WHEEL_CACHE, wheels.read_table())
    made = [server, *build_zip.build(output, files, server, split_platforms=not all_in_one)]
    if not all_in_one:
        made.append(build_zip.write_index(output))
    return [f"{path}  {path.stat().st_size / 1e6:.1f} MB" for path in made]


if __name__ == "__main__":
    sys.exit(main())
