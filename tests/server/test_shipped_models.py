"""What every shipped model folder must have: weights that load, a card, a licence, a credit."""

import json
import re
from pathlib import Path

import pytest
from retake.shared.model.artifact import load_model

FOLDERS = sorted((Path(__file__).parents[2] / "server" / "models").glob("*/"))
LARGEST = 20 * 2**20


def test_a_model_is_shipped():
    assert FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_shipped_model_is_whole(folder: Path):
    parameters = sum(p.numel() for p in load_model(folder).denoiser.parameters())
    about = json.loads((folder / "config.json").read_text(encoding="utf-8"))["about"]
    assert {"data", "licence", "credit", "steps"} <= set(about)
    assert sum(file.stat().st_size for file in folder.iterdir()) < LARGEST
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"{parameters:,} parameters" in card
    assert about["credit"] in " ".join(card.split())
    for row in ("model", "mean pose", "constant depth"):
        assert re.search(rf"^\| {row} \| +[\d.]+ \|", card, re.MULTILINE), row
