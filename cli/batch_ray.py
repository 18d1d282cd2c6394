"""A batch on a Ray cluster: Ray schedules, retries, and finds the GPUs.

A clip that was done by a worker which died afterwards is not done again: its record lies there.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from ..shared.errors import RetakeError
from .batch_clips import Clip, Record, Settings, digest_of, write_record
from .batch_work import detect_in_process, do_clip, lift_in_process

LOCAL = "local"
MOST_RETRIES = 3
"""Of a clip whose worker has died, with the computer it ran on or without."""


def do_all(clips: Sequence[Clip], settings: Settings, address: str) -> Iterator[Record]:
    """Records as they come, in the order of their ends. RetakeError if there is no cluster."""
    ray = _ray()
    try:
        ray.init(address=None if address == LOCAL else address, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise RetakeError(f"There is no Ray cluster at {address}: {error}") from None
    try:
        gpus = 1 if ray.cluster_resources().get("GPU") else 0
        task: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=MOST_RETRIES)(_do)
        waiting = {task.remote(clip, settings): clip for clip in clips}
        while waiting:
            (ready,), _ = ray.wait(list(waiting), num_returns=1)
            yield _record_of(ready, waiting.pop(ready), settings)
    finally:
        ray.shutdown()


def _ray() -> Any:
    """Not imported at the top: few need it, and it is large."""
    try:
        return importlib.import_module("ray")
    except ModuleNotFoundError:
        raise RetakeError(
            "'retake batch --ray' needs ray, which is not installed. In the folder of the "
            f'checkout run: {sys.executable} -m pip install -e ".[scale]"'
        ) from None


def _do(clip: Clip, settings: Settings) -> Record:
    return do_clip(clip, settings, detect_in_process, lift_in_process)


def _record_of(ready: Any, clip: Clip, settings: Settings) -> Record:
    ray = _ray()
    try:
        return ray.get(ready)
    except ray.exceptions.RayError as error:
        text = f"Its workers died {MOST_RETRIES + 1} times: {type(error).__name__}"
        record = Record(clip.name, digest_of(clip, settings), failed=text)
        write_record(clip, record)
        return record
