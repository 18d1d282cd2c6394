"""`tasks.py blender-gui`: plays walks through the add-on in a real Blender window, with pictures.

Needs a Blender with windows: `--blender PATH`, or on Linux `--root FOLDER`, a Debian system in a
folder as `setup_root.sh` makes it (as root). Without a screen, Xvfb gives one. Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIMIT_S = 600

SERVED = ("busy", "long")
"""Walks that need a server."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tasks.py blender-gui", description=__doc__)
    parser.add_argument("walks", nargs="*", help="walk_NAME.py beside this file; default: all")
    parser.add_argument("--blender", default=shutil.which("blender") or "", help="the program")
    parser.add_argument("--root", type=Path, help="folder of a Debian system that has Blender")
    parser.add_argument("--out", type=Path, default=Path("build/gui"), help="for the pictures")
    parser.add_argument("--size", default="1600x1000", help="of the screen")
    options = parser.parse_args()
    known = sorted(path.stem.removeprefix("walk_") for path in HERE.glob("walk_*.py"))
    walks: list[str] = options.walks or known
    if unknown := set(walks) - set(known):
        parser.error(f"no walk called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if not options.blender and not options.root:
        parser.error("no Blender found; name one with --blender or --root")
    archive = build_zip()
    failed = [name for name in walks if play(name, archive, options) != 0]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "all walks done\n")
    return int(bool(failed))


def build_zip() -> Path:
    """The extension for all systems, as people get it."""
    folder = Path("build/gui-zip").resolve()
    command = [sys.executable, "-m", "retake.blender_addon.packaging", "--all-in-one"]
    subprocess.check_call([*command, "--output", str(folder)])
    return next(folder.glob("retake-*.zip"))


def play(name: str, archive: Path, options: argparse.Namespace) -> int:
    """Blender's exit status: 0 if the walk went to its end."""
    out = (options.out / name).resolve()
    out.mkdir(parents=True, exist_ok=True)
    width, height = options.size.split("x")
    inside = [str(HERE / "start.sh"), width, height, options.blender or "blender"]
    inside += [str(HERE / "drive.py"), str(HERE / f"walk_{name}.py"), str(archive), str(out)]
    with tempfile.TemporaryDirectory(prefix="retake-gui-") as home:
        clean = os.environ | {"HOME": home, "BLENDER_USER_RESOURCES": home, "TMPDIR": "/tmp"}
        clean["RETAKE_RUNTIME_DIR"] = str(Path(home, "run"))
        folders = (HERE, archive.parent, out, Path(home))
        command = in_root(options.root, inside, folders) if options.root else inside
        with served(clean) if name in SERVED else nullcontext():
            try:
                return subprocess.call(command, env=clean, timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                return 124


@contextmanager
def served(environment: dict[str, str]) -> Generator[None]:
    """A server of this checkout while the walk goes on. The Blender in a Debian folder could start
    none: that has no PyTorch."""
    server = subprocess.Popen([sys.executable, "-m", "retake.cli", "serve"], env=environment)
    try:
        while server.poll() is None and not any(Path(environment["RETAKE_RUNTIME_DIR"]).glob("*")):
            time.sleep(0.2)
        yield
    finally:
        server.terminate()
        server.wait(20)


def in_root(root: Path, inside: list[str], folders: tuple[Path, ...]) -> list[str]:
    """The same inside a Debian folder, with `folders` under their own names. Mounts vanish with
    the process: they are in a namespace of its own."""
    root = root.resolve()
    lines = ["set -e", f"mount -t proc proc {root}/proc"]
    for folder in folders:
        lines += [f"mkdir -p '{root}{folder}'", f"mount --bind '{folder}' '{root}{folder}'"]
    lines.append(f'exec chroot {root} "$@"')
    return [
        "unshare",
        "-m",
        "--propagation",
        "private",
        "bash",
        "-c",
        "\n".join(lines),
        "_",
        *inside,
    ]


if __name__ == "__main__":
    sys.exit(main())
