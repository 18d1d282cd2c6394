"""What `retake serve` refuses before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from retake.cli.__main__ import main


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bind", "tcp://127.0.0.1:5577"], "go together"),
        (["--authorized-keys", "keys"], "go together"),
        (["--bind", "tcp://127.0.0.1:5577", "--authorized-keys", "none"], "cannot be read"),
        (["--idle", "0"], "above 0"),
        (["--model", "none"], "no model called 'none'"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *arguments]) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("endpoint", ["nonsense", "tcp://203.0.113.7:5577", "tcp://127.0.0.1"])
def test_an_address_that_cannot_be_had_is_one_sentence(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").touch()
    command = ["serve", "--bind", endpoint, "--authorized-keys", str(tmp_path / "keys")]
    assert main(command) == 1
    assert "cannot listen at" in capsys.readouterr().err
    assert not (tmp_path / "run" / "connection.json").exists()


def test_stopping_what_does_not_run_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--stop"]) == 0
    assert "No Retake server is running" in capsys.readouterr().out
