"""The warm-up: a model that cannot be read is for the first job to tell."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from retake.server.lifting.lift import OpenModel
from retake.server.models import default_model
from retake.server.results import Results
from retake.server.worker.journal import Journals
from retake.server.worker.turns import Turns
from retake.server.worker.workshop import ModelCache, Workshop, warm_up
from retake.shared.errors import RetakeError
from retake.shared.protocol import Progress, decode_reply


def test_a_model_that_cannot_be_read_ends_the_warm_up_in_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def load(folder: Path) -> OpenModel:
        raise RetakeError("The model is damaged.")

    results = Results(tmp_path / "results", near=tmp_path / "near")
    workshop = Workshop(ModelCache(load), results, Journals(tmp_path / "journals"), Turns(False))
    told: list[bytes] = []
    with caplog.at_level(logging.WARNING):
        warm_up(workshop, default_model(), told.append)
    stages = [reply.stage for reply in map(decode_reply, told) if isinstance(reply, Progress)]
    assert stages == [f"loading the model {default_model()}", ""]  # nobody waits for it any more
    assert caplog.messages == ["Nothing is ready before the first job: The model is damaged."]
