import json
from pathlib import Path

import pytest
import torch
from retake.shared.errors import RetakeError
from retake.shared.model.artifact import load_model, read_calibration, save_model
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_model(
        tmp_path / "m",
        Diffusion(ModelConfig(frames=5, width=16, depth=2, heads=2)),
        {"data": "none"},
    )
    return tmp_path / "m"


def change(folder: Path, **fields: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["model"].update(fields)
    (folder / "config.json").write_text(json.dumps(config))


def test_a_saved_model_reads_back(folder: Path):
    one, two = load_model(folder), load_model(folder)
    assert one.config == ModelConfig(frames=5, width=16, depth=2, heads=2)
    assert not one.training
    for name, value in one.denoiser.state_dict().items():
        torch.testing.assert_close(value, two.denoiser.state_dict()[name])


def test_an_unknown_setting_is_refused(folder: Path):
    change(folder, colour="red")
    with pytest.raises(RetakeError, match="colour"):
        load_model(folder)


def test_weights_of_another_shape_are_refused(folder: Path):
    change(folder, width=32)
    with pytest.raises(RetakeError, match="cannot be read") as refusal:
        load_model(folder)
    assert "\n" not in str(refusal.value)


def test_an_interrupted_save_leaves_the_old_model_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    def fill_the_disk(path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError("No space left on device")

    before = load_model(folder).denoiser.state_dict()
    monkeypatch.setattr(Path, "write_bytes", fill_the_disk)
    with pytest.raises(OSError, match="No space"):
        save_model(folder, Diffusion(ModelConfig(frames=5, width=32, depth=2, heads=2)), {})
    for name, value in load_model(folder).denoiser.state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_a_model_is_saved_over_an_old_one_and_nothing_else_is_left(folder: Path):
    save_model(folder, Diffusion(ModelConfig(frames=5, width=32, depth=2, heads=2)), {})
    assert load_model(folder).config.width == 32
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors"}


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_missing_and_damaged_files_are_refused(folder: Path, name: str):
    (folder / name).write_bytes(b"rubbish")
    with pytest.raises(RetakeError, match="cannot be read"):
        load_model(folder)
    (folder / name).unlink()
    with pytest.raises(RetakeError, match="not a model folder"):
        load_model(folder)


def test_half_precision_halves_the_file_and_is_float32_in_memory(folder: Path):
    model, size = load_model(folder), (folder / "model.safetensors").stat().st_size
    for dtype, error in ((torch.float16, 1e-3), (torch.bfloat16, 8e-3)):
        save_model(folder, model, {}, dtype=dtype)
        assert (folder / "model.safetensors").stat().st_size < 0.75 * size  # the rest is names
        for name, value in load_model(folder).denoiser.state_dict().items():
            assert value.dtype == torch.float32
            expected = model.denoiser.state_dict()[name]
            assert (value - expected).abs().max() <= error * expected.abs().max()
            assert torch.equal(value, expected.to(dtype).float())


def test_the_calibration_is_part_of_the_folder(folder: Path):
    assert read_calibration(folder) == {}
    factors = {"factors": [1.5] * 17, "ece": 0.04}
    save_model(folder, load_model(folder), {}, calibration=factors)
    assert read_calibration(folder) == factors
    load_model(folder)


def test_a_calibration_that_is_none_is_refused(folder: Path):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "calibration": 2}))
    with pytest.raises(RetakeError, match="calibration"):
        read_calibration(folder)
    with pytest.raises(RetakeError, match="not a model folder"):
        read_calibration(folder / "other")


def test_a_configuration_without_the_newer_settings_is_read(folder: Path):
    """Models saved before a setting existed mean its default."""
    config = json.loads((folder / "config.json").read_text())
    newer = ("keypoint_mask", "input", "output", "hierarchical_embedding", "hrst", "hrtt")
    for name in (*newer, "children"):
        del config["model"][name]
    (folder / "config.json").write_text(json.dumps(config))
    assert load_model(folder).config == ModelConfig(frames=5, width=16, depth=2, heads=2)
