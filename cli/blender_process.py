"""What a command needs around the Blender it loads into its own process: silence, and an end.

It knows no Blender itself; `import bpy` is up to the command.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def chatter_in(log: Path) -> Generator[TextIO]:
    """All that is printed goes to `log`, by Blender's own C code too; yields the terminal."""
    _flush()
    screen = (os.dup(1), os.dup(2))
    with log.open("wb") as file, os.fdopen(os.dup(2), "w", encoding="utf-8") as terminal:
        # If Blender aborts (a missing graphics library), there is at least a word about it.
        faulthandler.enable(terminal)
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        try:
            yield terminal
        finally:
            _flush()
            faulthandler.disable()
            for number, original in zip((1, 2), screen, strict=True):
                os.dup2(original, number)
                os.close(original)


def leave(code: int, text: str = "") -> int:
    """Print `text` on stderr and end with `code`.

    At once if Blender is loaded: its own exit can hang in 4.5.
    """
    if text:
        print(text, file=sys.stderr)
    _flush()
    if "bpy" in sys.modules:
        os._exit(code)
    return code


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
