# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
"""Runs inside a Blender with windows: plays one walk, step by step, and takes pictures of it.

    blender --factory-startup --python drive.py -- WALK.py EXTENSION.zip FOLDER

WALK.py defines `main(gui)`, a generator: each `yield seconds` gives Blender's event loop time to
draw, to run timers and modal operators. An exception ends Blender with status 3.
"""

from __future__ import annotations

import importlib
import os
import struct
import subprocess
import sys
import time
import traceback
import zlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np

sys.path.append(str(Path(__file__).parent))  # for what walks share

WALK, ZIP, FOLDER = sys.argv[sys.argv.index("--") + 1 :][:3]
EXTENSION = "bl_ext.user_default.retake"
SCREEN = os.environ.get("RETAKE_GUI_SCREEN", "")
"""The file in which Xvfb keeps its screen (-fbdir); empty on a real screen."""

FAILED = 3


class Gui:
    """What a walk may do: look, press, take pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.began = time.time()

    @property
    def window(self):
        return bpy.context.window_manager.windows[0]

    def log(self, *words: object) -> None:
        sys.stdout.write(f"[{time.time() - self.began:5.1f} s] {' '.join(map(str, words))}\n")
        sys.stdout.flush()

    def install(self) -> None:
        bpy.ops.extensions.package_install_files(
            filepath=ZIP, repo="user_default", enable_on_install=True
        )

    def part(self, name: str):
        """A module of the installed extension."""
        return importlib.import_module(f"{EXTENSION}.blender_addon.{name}")

    def area(self, kind: str = "VIEW_3D"):
        """The largest of its kind."""
        areas = [area for area in self.window.screen.areas if area.type == kind]
        return max(areas, key=lambda area: area.width * area.height)

    def region(self, area, kind: str = "WINDOW"):
        return next(region for region in area.regions if region.type == kind)

    def within(self, kind: str = "VIEW_3D"):
        area = self.area(kind)
        return bpy.context.temp_override(
            window=self.window, screen=self.window.screen, area=area, region=self.region(area)
        )

    def only_open(self, *steps: str) -> None:
        """The panels of the other steps start closed; to be called before the tab is opened."""
        each = {
            cls: name.partition(".")[0]
            for name in self.part("registration").MODULES
            for cls in getattr(self.part(name), "CLASSES", ())
            if issubclass(cls, bpy.types.Panel)
        }
        for cls in reversed(each):
            bpy.utils.unregister_class(cls)
        for cls, step in each.items():
            if step not in steps and not getattr(cls, "bl_parent_id", ""):
                cls.bl_options = {*getattr(cls, "bl_options", ()), "DEFAULT_CLOSED"}
            bpy.utils.register_class(cls)

    def open_tab(self, kind: str = "VIEW_3D"):
        """A generator: the sidebar must have been drawn before its tab can be chosen."""
        area = self.area(kind)
        area.spaces.active.show_region_ui = True
        yield 1.0
        self.region(area, "UI").active_panel_category = "Retake"
        area.tag_redraw()
        yield 1.0

    def on_screen(self, region, x: float, y: float) -> tuple[int, int]:
        """A place in a region (from below) as a pixel of the screen (from above)."""
        return round(region.x + x), round(self.window.height - (region.y + y))

    def mouse(self, *command: object) -> None:
        """Real events, by xdotool: mousemove X Y, mousedown 1, mouseup 1, click 1, key NAME."""
        subprocess.run(["xdotool", *map(str, command)], check=True)

    def settle(self):
        """A generator: panels that have changed glide to their places, if there are events."""
        self.part("timer").redraw_sidebars()
        for _ in range(6):
            self.mouse("mousemove_relative", "--", 1, 0)
            yield 0.5

    def tell_durations(self, when: str) -> None:
        longest = sorted(self.part("durations").longest_s.items(), key=lambda pair: -pair[1])
        told = ", ".join(f"{name} {seconds * 1000:.1f} ms" for name, seconds in longest)
        self.log(f"longest callbacks {when}: {told}")

    def picture(self, name: str) -> None:
        path = self.folder / f"{name}.png"
        if SCREEN:
            write_screen(Path(SCREEN), path)
        else:
            bpy.ops.screen.screenshot(filepath=str(path))
        self.log("picture", path.name)


def write_screen(screen: Path, path: Path) -> None:
    """Xvfb's screen file (XWD) as PNG: what Blender itself captures is black under Mesa's
    software renderer."""
    data = screen.read_bytes()
    head = struct.unpack(">25I", data[:100])
    width, height, stride = head[4], head[5], head[12]
    rows = np.frombuffer(data, np.uint8, stride * height, head[0] + head[19] * 12)
    pixels = rows.reshape(height, stride)[:, : width * 4].reshape(height, width, 4)
    colours = pixels[:, :, 2::-1] if head[7] == 0 else pixels[:, :, 1:]
    raw = np.zeros((height, 1 + width * 3), np.uint8)
    raw[:, 1:] = colours.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw.tobytes())), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks))


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def play():
    """The walk as a generator of pauses."""
    names: dict[str, Any] = {"__name__": "walk", "__file__": WALK}
    exec(compile(Path(WALK).read_text("utf-8"), WALK, "exec"), names)
    gui.install()
    yield 0.5
    yield from names["main"](gui)
    gui.tell_durations("of all")


def step() -> float:
    """Blender counts a timer's pause from the start of the call, so that the rest is waited for."""
    global due
    if (left := due - time.time()) > 0:
        return max(0.01, left)
    try:
        pause = float(next(walk, -1.0))
    except BaseException:  # noqa: BLE001  (whatever it is, there must be a picture and an end)
        traceback.print_exc()
        gui.picture("failure")
        sys.stdout.flush()
        os._exit(FAILED)
    if pause < 0:
        gui.log("done")
        os._exit(0)  # no question about unsaved work, no crash at exit
    due = time.time() + pause
    return pause


gui, due = Gui(Path(FOLDER)), 0.0
walk = play()
bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(step, first_interval=1.0, persistent=True)  # walks load files
