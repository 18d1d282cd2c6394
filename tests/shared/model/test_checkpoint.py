"""The authors' checkpoints become model folders; anything else is refused, and never run."""

import io
import json
import os
import pickle  # noqa: TID251 (to make the files that are to be refused)
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from retake.cli.__main__ import main
from retake.shared.errors import RetakeError
from retake.shared.model.artifact import load_model
from retake.shared.model.checkpoint import read_checkpoint
from retake.shared.model.golden import build_golden, golden_weights
from retake.shared.model.import_checkpoint import import_checkpoint
from retake.shared.model.schedule import CosineSchedule
from torch import Tensor

SHAPES: dict[str, list[int]] = json.loads(
    (Path(__file__).parents[2] / "data" / "released_3dhp_small_keys.json").read_text()
)
SKELETON = "mpi-inf-3dhp-17"
SEED = 21

Save = Callable[..., Path]


class Runs:
    """A pickled call, as an attacker would put it."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call, self.arguments


def model_pos() -> dict[str, Tensor]:
    """All that DataParallel around the authors' network would save."""
    alpha_bar = CosineSchedule(1000).alpha_bar
    tables = {k: alpha_bar for k in SHAPES if not k.startswith("dir_bone_estimator.")}
    weights = {**tables, **golden_weights(SHAPES, SEED)}
    return {f"module.{key}": value for key, value in weights.items()}


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """save(**changes): a file with every key of the authors' checkpoints."""
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    optimizer = torch.optim.AdamW([weight], lr=1e-4)
    optimizer.step()

    def write(**changes: Any) -> Path:
        content: dict[str, Any] = {
            "epoch": 400,
            "lr": 6e-6,
            "random_state": np.random.RandomState(1234),
            "optimizer": optimizer.state_dict(),
            "model_pos": model_pos(),
        }
        torch.save({**content, **changes}, tmp_path / "best_epoch.bin")
        return tmp_path / "best_epoch.bin"

    return write


def test_a_whole_checkpoint_becomes_a_model_folder(save: Save, tmp_path: Path):
    source, folder = save(), tmp_path / "models" / "authors"
    made = import_checkpoint(source, folder, SKELETON)
    config = made.config
    assert (config.variant, config.skeleton) == ("released", SKELETON)
    assert (config.frames, config.width, config.depth, config.heads) == (27, 64, 2, 8)
    again, expected = load_model(folder), build_golden(config, SHAPES, SEED)
    for name, value in expected.denoiser.state_dict().items():
        assert torch.equal(again.denoiser.state_dict()[name], value), name
    about = json.loads((folder / "config.json").read_text())["about"]
    assert about["source"] == {
        "file": "best_epoch.bin",
        "sha256": made.sha256,
        "unused_weights": made.unused,
    }
    assert about["licence"]
    assert made.sha256 in (folder / "MODEL_CARD.md").read_text()
    assert os.listdir(folder.parent) == ["authors"]


def test_what_is_not_used_is_named(save: Save, tmp_path: Path):
    made = import_checkpoint(save(), tmp_path / "a", SKELETON)
    children = {f"dir_bone_estimator.STEblocks.0.attn.qkv_xc.{k}" for k in ("weight", "bias")}
    tables = {key for key in SHAPES if not key.startswith("dir_bone_estimator.")}
    assert set(made.unused) == children | tables


def renamed(source: Path, old: bytes, new: bytes) -> Path:
    """The same checkpoint, with another module name in its pickle."""
    with zipfile.ZipFile(source) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    (pickled,) = (name for name in members if name.endswith("data.pkl"))
    assert old in members[pickled]
    members[pickled] = members[pickled].replace(old, new)
    with zipfile.ZipFile(source, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return source


def test_the_names_of_numpy_1_and_2_are_known(save: Save):
    for old, new in ((b"numpy.core", b"numpy._core"), (b"numpy._core", b"numpy.core")):
        source = save()
        if old in source.read_bytes():
            source = renamed(source, old, new)
        assert len(read_checkpoint(source)) == len(model_pos())


def test_no_numpy_object_is_rebuilt(save: Save, monkeypatch: pytest.MonkeyPatch):
    source = save()
    for name in ("__randomstate_ctor", "__bit_generator_ctor"):
        monkeypatch.setattr(f"numpy.random._pickle.{name}", None)
    assert read_checkpoint(source)


@pytest.mark.parametrize("key", ["epoch", "random_state", "optimizer", "model_pos"])
def test_code_in_the_file_is_refused_and_not_run(save: Save, tmp_path: Path, key: str):
    source = save(**{key: Runs(os.mkdir, str(tmp_path / "was run"))})
    with pytest.raises(RetakeError, match=r"'(posix|nt)\.mkdir', which could run code") as refusal:
        import_checkpoint(source, tmp_path / "a", SKELETON)
    assert str(refusal.value).count(".") <= 4
    assert "\n" not in str(refusal.value)
    assert os.listdir(tmp_path) == ["best_epoch.bin"]


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (eval, ("1",)),
        (np.load, ("x",)),
        (np.random.default_rng, ()),
        (torch.load, ("x",)),
    ],
)
def test_other_functions_are_refused_too(
    save: Save, call: Callable[..., object], arguments: tuple[object, ...]
):
    with pytest.raises(RetakeError, match="could run code"):
        read_checkpoint(save(random_state=Runs(call, *arguments)))


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.txt", "nothing")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"rubbish", zipped(), pickle.dumps([1, 2]), pickle.dumps(range(3)), b"\x80\x02}q\x00."],
    ids=["empty", "rubbish", "zip", "pickle", "pickled object", "empty dictionary"],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(RetakeError, match=r"not a checkpoint|could run code"):
        read_checkpoint(tmp_path / "a.pt")


def test_a_cut_file_is_refused(save: Save, tmp_path: Path):
    whole = save().read_bytes()
    for share in (0.001, 0.01, 0.3, 0.9, 0.999):
        (tmp_path / "cut.bin").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(RetakeError, match="damaged"):
            read_checkpoint(tmp_path / "cut.bin")


def test_folders_and_missing_files_are_refused(tmp_path: Path):
    with pytest.raises(RetakeError, match="is a folder"):
        read_checkpoint(tmp_path)
    with pytest.raises(RetakeError, match="no file"):
        read_checkpoint(tmp_path / "missing")


@pytest.mark.parametrize(
    "content", [{"model_pos": {}}, {"model": model_pos()}, [1], model_pos(), torch.ones(2)], ids=str
)
def test_a_file_without_the_authors_weights_is_refused(tmp_path: Path, content: object):
    torch.save(content, tmp_path / "a.pt")
    with pytest.raises(RetakeError, match="no weights 'model_pos'"):
        read_checkpoint(tmp_path / "a.pt")


ESTIMATOR = "module.dir_bone_estimator."


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("Spatial_pos_embed", None, "lacks the weight"),
        ("Spatial_pos_embed", torch.ones(64), "expected a matrix"),
        ("Spatial_pos_embed", torch.ones(1, 16, 64), "needs"),
        ("Spatial_patch_to_embedding.weight", torch.ones(64, 5), "needs"),
        ("Temporal_pos_embed", torch.ones(1, 27, 32), "needs"),
        ("Temporal_pos_embed", torch.full((1, 27, 64), torch.nan), "not finite"),
        ("head_pose.1.bias", None, "lacks the weight"),
        ("head_pose.1.bias", torch.ones(3, dtype=torch.long), "not finite"),
        ("head_pose.1.bias", [1.0], "not a tensor"),
        ("TTEblocks.1.norm1.weight", torch.ones(64), "configuration does not"),
        ("STEblocks_0.1.norm1.weight", torch.ones(64), "twice"),
        ("STEblocks.x.norm1.weight", torch.ones(64), "unknown weight"),
        ("time_mlp.2.weight", torch.ones(64), "unknown weight"),
        ("other", torch.ones(64), "unknown weight"),
    ],
)
def test_wrong_weights_are_refused_and_leave_nothing(
    save: Save, tmp_path: Path, key: str, value: object, message: str
):
    weights: dict[str, Any] = {**model_pos(), ESTIMATOR + key: value}
    if value is None:
        del weights[ESTIMATOR + key]
    source = save(model_pos=weights)
    with pytest.raises(RetakeError, match=message) as refusal:
        import_checkpoint(source, tmp_path / "a", SKELETON)
    assert "\n" not in str(refusal.value)
    assert os.listdir(tmp_path) == ["best_epoch.bin"]


def test_another_noise_schedule_is_refused(save: Save, tmp_path: Path):
    for alpha_bar in (torch.linspace(1, 0, 1000), CosineSchedule(500).alpha_bar):
        source = save(model_pos={**model_pos(), "module.alphas_cumprod": alpha_bar})
        with pytest.raises(RetakeError, match="noise schedule"):
            import_checkpoint(source, tmp_path / "a", SKELETON)


def test_heads_that_do_not_fit_are_refused(save: Save, tmp_path: Path):
    with pytest.raises(RetakeError, match="heads 7"):
        import_checkpoint(save(), tmp_path / "a", SKELETON, heads=7)


def test_an_error_while_writing_leaves_nothing(
    save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fill_the_disk(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    source = save()
    monkeypatch.setattr(Path, "write_bytes", fill_the_disk)
    with pytest.raises(RetakeError, match="could not be written: No space left"):
        import_checkpoint(source, tmp_path / "a", SKELETON)
    assert os.listdir(tmp_path) == ["best_epoch.bin"]


def test_the_command_imports_and_does_not_overwrite(
    save: Save, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    command = ["models", "import", str(save()), "-o", str(tmp_path / "a"), "--skeleton", SKELETON]
    assert main([*command, "--half"]) == 0
    assert "27 frames, width 64, depth 2, 8 heads" in (told := capsys.readouterr().out)
    assert "dir_bone_estimator.STEblocks.0.attn.qkv_xc.weight" in told
    half = (tmp_path / "a" / "model.safetensors").read_bytes()
    assert main(command) == 1
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == half
    assert load_model(tmp_path / "a").denoiser.embed.weight.dtype == torch.float32


def test_the_command_asks_for_the_skeleton(save: Save, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["models", "import", str(save()), "-o", "x"])
    assert "--skeleton" in capsys.readouterr().err
