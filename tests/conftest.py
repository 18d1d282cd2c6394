"""What holds for every test: tests/blender runs only when it is named, in a process of its own.

`import bpy` turns the process into a Blender: one scene for all tests, and at the end Blender 4.5
can hang. `tasks.py test` therefore calls pytest twice, and a bare `pytest` stays without Blender.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# The models of the tests are tiny: a second thread costs more than it brings, on a busy machine by
# far.
os.environ.setdefault("OMP_NUM_THREADS", "1")

BLENDER = Path(__file__).resolve().parent / "blender"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    named = [config.invocation_params.dir / argument.split("::")[0] for argument in config.args]
    if collection_path == BLENDER and not any(p.resolve().is_relative_to(BLENDER) for p in named):
        return True
    return None
