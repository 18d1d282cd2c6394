"""What the jobs of one worker share: the model in memory, folders, turns, paces."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...shared.errors import RetakeError
from ...shared.protocol import Progress, encode
from ..lifting.lift import OpenModel
from ..models import find_model
from ..results import Results
from .crew import Send
from .journal import Journals
from .shares import Shares
from .turns import Turns

log = logging.getLogger("retake.server.worker")

Loader = Callable[[Path], OpenModel]
"""Opens a model folder. Raises RetakeError if it cannot be read.

Its sampler also takes `on_layer`, `on_frames`, `recall` (`shared.model.proposals`),
`urgent` (`shared.model.together`) and `on_notice`, which gets sentences for people.
"""


class ModelCache:
    """Loads models and keeps the last one."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._loading = threading.Lock()
        self._last: tuple[Path, int, OpenModel] | None = None

    def holds(self, folder: Path) -> bool:
        return self._last is not None and self._last[0] == folder

    def get(self, folder: Path) -> OpenModel:
        """Raises RetakeError if it cannot be read. Weights that have changed are loaded again."""
        written_ns = (folder / "model.safetensors").stat().st_mtime_ns
        with self._loading:
            if self._last is None or self._last[:2] != (folder, written_ns):
                self._last = None  # never two models in memory, unless jobs run that use two
                self._last = (folder, written_ns, self._load(folder))
            return self._last[2]


@dataclass(frozen=True)
class Workshop:
    """`device`: what models run on."""

    models: ModelCache
    results: Results
    journals: Journals
    turns: Turns
    device: str = "cpu"
    shares: Shares = field(default_factory=Shares)


def warm_up(workshop: Workshop, name: str, send: Send) -> None:
    """Load a model (an empty name: the default one) and sample once, so that the first job does
    not wait.

    If that fails, the first job says what is wrong to somebody who reads it.
    """

    def tell(stage: str) -> None:
        send(encode(Progress(job_id="", stage=stage, done=0, total=0)))

    pixels = np.random.default_rng(0).uniform(0, 100, (2, 17, 2))
    try:
        with workshop.turns.turn(batch=True):
            folder = find_model(name, workshop.device)
            tell(f"loading the model {folder.name}")
            model = workshop.models.get(folder)
            tell("warming up")
            model.sample(pixels, 100, 100, hypotheses=1, iterations=1, seed=0, on_step=_ignore)
    except RetakeError as error:
        log.warning("Nothing is ready before the first job: %s", error)
    finally:
        tell("")


def _ignore(done: int, total: int) -> None:
    """Nobody waits for the warm-up."""
