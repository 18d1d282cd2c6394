"""The folder of a run: its state to go on from, its log, and the model that it leaves.

    RUN/model/             what a server reads: config.json, model.safetensors (moving average)
    RUN/training_state.pt  weights, optimizer, moving average, step; never shipped
    RUN/log.jsonl          one line per logged step
    RUN/tensorboard/       the same for `tensorboard --logdir RUN`

Every file is replaced in one step: a run that is killed leaves the last whole state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.tensorboard import SummaryWriter

from ..shared.atomic import replaced_file
from ..shared.errors import RetakeError

STATE = "training_state.pt"


def make_run_folder(run: Path) -> None:
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetakeError(f"{run} cannot be the run's folder: {error.strerror}.") from None


def write_state(run: Path, state: dict[str, Any]) -> None:
    """RetakeError if it cannot be written; what was there stays then."""
    try:
        with replaced_file(run / STATE) as part:
            torch.save(state, part)
    except (OSError, RuntimeError) as error:  # torch's own writer raises RuntimeError
        raise cannot_write(run, error) from None


def cannot_write(run: Path, error: Exception) -> RetakeError:
    """A sentence about a full disk and the like, with the state that is still there."""
    last = read_state(run)
    kept = (
        f"the checkpoint of step {last['step']} is kept" if last else "there is no checkpoint yet"
    )
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return RetakeError(
        f"{run} cannot be written ({reason}); {kept}. Make room on the disk and start the same "
        "command again to go on from there."
    )


def read_state(run: Path) -> dict[str, Any] | None:
    """The saved state on the CPU, None if there is none; RetakeError if it is damaged."""
    path = run / STATE
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - torch.load raises anything for a foreign file
        raise RetakeError(
            f"{path} is damaged ({type(error).__name__}). Start again in another folder."
        ) from None


class Log:
    """The run's log, from `first` on: rows beyond belong to steps that were lost and come again.

    Of several processes only one `writes`.
    """

    def __init__(self, run: Path, first: int, writes: bool = True) -> None:
        self.run, self.path = run, run / "log.jsonl"
        self.board: SummaryWriter | None = None
        if not writes:
            return
        try:
            if self.path.exists():
                self._forget_after(first)
            self.board = SummaryWriter(run / "tensorboard", purge_step=first + 1)
        except OSError as error:
            raise cannot_write(run, error) from None

    def _forget_after(self, step: int) -> None:
        kept = [row for row in _rows(self.path) if row["step"] <= step]
        with replaced_file(self.path) as part:
            part.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")

    def write(self, row: dict[str, Any]) -> None:
        """Adds a row; one with the step alone says nothing and is left out."""
        if self.board is None or row.keys() == {"step"}:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            for name, value in row.items():
                if name != "step":
                    self.board.add_scalar(name, value, row["step"])
        except OSError as error:
            raise cannot_write(self.run, error) from None

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Where the run already ends with an error, that is the one to tell of."""
        if self.board is None:
            return
        try:
            self.board.close()
        except OSError as error:
            if kind is None:
                raise cannot_write(self.run, error) from None


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a log up to its end, or to a line that a killed run did not finish."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return
