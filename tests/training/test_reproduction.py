"""The commands of docs/reproduction.md, run as they stand there on made-up files, tiny models."""

import json
import re
import shutil
from pathlib import Path

import pytest
from retake.cli.__main__ import main

ROOT = Path(__file__).parents[2]
TINY = {"model.width": 8, "model.depth": 2, "model.heads": 2, "model.frames": 27}
SHORT = {"train.epochs": 0, "train.steps": 2, "train.batch": 2}


def commands() -> list[list[str]]:
    """All `retake` commands of the page, in order."""
    text = (ROOT / "docs" / "reproduction.md").read_text(encoding="utf-8")
    return [line.split()[1:] for line in re.findall(r"^    (retake .+)$", text, re.MULTILINE)]


def made_small(command: list[str]) -> list[str]:
    if command[0] == "train":
        changes = [f"--set={key}={value}" for key, value in (TINY | SHORT).items()]
        return [*command, "--device=cpu", *changes]
    if command[0] == "evaluate":
        return [
            *command,
            "--device=cpu",
            "--limit=1",
            f"--json={command[1].replace('/', '-')}.json",
        ]
    return command


@pytest.fixture
def workplace(field_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page asks for, and the configurations."""
    shutil.copytree(field_files, tmp_path, dirs_exist_ok=True)
    shutil.copytree(ROOT / "training" / "configs", tmp_path / "training" / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_all(chosen: list[list[str]]) -> None:
    for command in chosen:
        assert main(made_small(command)) == 0, " ".join(command)


def test_every_table_has_its_commands():
    found = [" ".join(command) for command in commands()]
    configs = {path.name for path in (ROOT / "training" / "configs").glob("*.toml")}
    for name in configs - {"first-light.toml"}:
        if name.startswith(("paper", "table", "released")):
            assert any(c.startswith(f"train training/configs/{name}") for c in found), name
    for settings in (
        "1 --iterations 1",
        "5 --iterations 1",
        "20 --iterations 10",
        "5 --iterations 50",
    ):
        assert any(f"--hypotheses {settings} --paper" in c for c in found)


@pytest.mark.timeout(180)
def test_prepare_train_export_evaluate(workplace: Path, capsys: pytest.CaptureFixture[str]):
    wanted = (
        "prepare h36m --positions data_3d_h36m.npz --keypoints data_2d_h36m_cpn",
        "train training/configs/paper-h36m.toml --data h36m-cpn",
        "export",
        "evaluate models/paper-h36m h36m-cpn --hypotheses 1",
        "prepare mpi",
        "train training/configs/paper-3dhp",
        "evaluate runs/paper-3dhp",
    )
    run_all([c for c in commands() if " ".join(c).startswith(wanted)])
    printed = capsys.readouterr().out
    assert "Tables 1 and 7, H=1, W=1" in printed
    assert "Table 3, H=1, W=1" in printed
    assert "not run" in printed  # thirteen of the fifteen actions are not in the made-up files
    table = json.loads((workplace / "models-paper-h36m.json").read_text())["tables"]["model"]
    assert set(table) == {"Sitting", "Walking", "average"}
    assert {"MPJPE J-Agg (own root)", "P-MPJPE P-Best", "MPSSE", "level 5"} < set(table["average"])
    table = json.loads((workplace / "runs-paper-3dhp-model.json").read_text())["tables"]["model"]
    assert {"PCK", "AUC"} < set(table["TS6"])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_whole_page(workplace: Path):
    run_all([command for command in commands() if command[1] != "synthetic"])


def test_mistakes_are_one_sentence(
    workplace: Path, human36m_set: Path, capsys: pytest.CaptureFixture[str]
):
    data = str(human36m_set)
    Path("gt-only").mkdir()
    for command, message in (
        (["prepare", "h36m", "--positions=a.npz", "--keypoints=b/c.npz", "-o=x"], "say where"),
        (["prepare", "positions", "-o=x"], "Name at least one"),
        (["prepare", "bvh", "gt-only", "-o=x"], "no .bvh file"),
        (["prepare", "bvh", "gt-only", "-o=x", "--unit=0"], "above 0"),
        (["prepare", "synthetic", "-o=x", "--frames=1"], "at least 2"),
        (["train", "none.toml", f"--data={data}", "--run=r"], "no file none.toml"),
        (["train", "training/configs/paper-h36m.toml", "--data=none", "--run=r"], "no prepared"),
        (["evaluate", "none", data], "is not a model folder"),
        (["evaluate", "none", data, "--hypotheses=0"], "at least 1"),
        (["evaluate", "none", data, "--json=none/x.json"], "does not exist"),
        (["export", "none", "-o=gt-only"], "exists already"),
        (["export", "gt-only", "-o=x"], "no checkpoint"),
    ):
        assert main(command) == 1
        assert message in capsys.readouterr().err
