from __future__ import annotations

from pathlib import Path

import pytest
from retake.server import models
from retake.server.models import available_models, default_model, find_model, weights_hash
from retake.shared.errors import RetakeError


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / name).touch()
    return folder


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(models, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("RETAKE_MODELS", str(tmp_path / "extra"))
    return tmp_path


def test_shipped_models_come_first_and_one_of_them_is_the_default(folders: Path) -> None:
    shipped = make_model(folders / "shipped" / "small")
    make_model(folders / "extra" / "a_mine")
    assert list(available_models()) == ["small", "a_mine"]
    assert default_model() == "small"
    assert find_model("small") == shipped


def test_a_processor_gets_the_smallest_and_a_gpu_the_largest_shipped_model(folders: Path) -> None:
    large = make_model(folders / "shipped" / "base")
    (large / "model.safetensors").write_bytes(bytes(100))
    make_model(folders / "shipped" / "small")
    mine = make_model(folders / "extra" / "mine")
    (mine / "model.safetensors").write_bytes(bytes(1000))
    assert default_model() == default_model("cpu") == "small"
    assert default_model("cuda") == "base"
    assert find_model("", "cuda") == large
    own = make_model(folders / "extra" / "small")  # takes the name, not the place
    (own / "model.safetensors").write_bytes(bytes(500))
    assert find_model("", "cpu") == own
    assert default_model("cuda") == "base"


def test_without_shipped_models_the_own_one_is_the_default(folders: Path) -> None:
    make_model(folders / "extra" / "mine")
    assert default_model("cuda") == default_model("cpu") == "mine"


def test_a_folder_without_weights_is_no_model(folders: Path) -> None:
    (make_model(folders / "extra" / "half") / "model.safetensors").unlink()
    assert available_models() == {}


def test_an_unknown_name_is_answered_with_the_known_ones(folders: Path) -> None:
    make_model(folders / "extra" / "mine")
    with pytest.raises(RetakeError, match=r"'yours'.*mine"):
        find_model("yours")


def test_a_name_is_no_path(folders: Path) -> None:
    make_model(folders / "outside")
    with pytest.raises(RetakeError):
        find_model("../outside")


def test_the_hash_is_that_of_the_weights(folders: Path) -> None:
    folder = make_model(folders / "a")
    (folder / "model.safetensors").write_bytes(b"abc")
    assert weights_hash(folder).startswith("ba7816bf8f01cfea")  # FIPS 180-2, appendix B.1


def test_no_model_at_all_is_one_sentence() -> None:
    with pytest.raises(RetakeError, match="No model is installed"):
        default_model()
