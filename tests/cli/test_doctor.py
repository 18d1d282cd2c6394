"""The page of diagnosis: what it says and keeps to itself, and that a bad check is one line."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path

import pytest
from retake.cli import doctor, doctor_checks
from retake.cli.__main__ import main
from retake.cli.doctor import redacted
from retake.shared.errors import RetakeError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(doctor.getpass, "getuser", lambda: "erika")
    monkeypatch.setattr(platform, "node", lambda: "studio-7")
    return tmp_path


def without(monkeypatch: pytest.MonkeyPatch, **checks: Callable[[], str]) -> None:
    """Only these checks, beside the ones that take no time."""
    quick = {n: c for n, c in doctor_checks.CHECKS.items() if n not in ("device", "lift")}
    monkeypatch.setattr(doctor_checks, "CHECKS", quick | checks)


def test_a_sound_computer_gets_a_line_per_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without(monkeypatch)
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(doctor_checks.CHECKS)
    assert all(line.startswith("ok ") for line in lines)
    assert any("round trip" in line for line in lines)


def test_what_is_wrong_is_one_line_and_the_others_follow(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise RetakeError("No model is installed.")

    without(monkeypatch, models=broken)
    assert main(["doctor", "--json"]) == 1
    found = {f["name"]: f for f in json.loads(capsys.readouterr().out)}
    assert [name for name, f in found.items() if not f["good"]] == ["models"]
    assert found["models"]["text"] == "No model is installed."


@pytest.mark.parametrize("error", [OSError("disk"), ImportError("torch"), RuntimeError("driver")])
def test_no_check_ends_the_page(error: Exception) -> None:
    def check() -> str:
        raise error

    finding = doctor.examine("x", check)
    assert not finding.good
    assert finding.text == str(error)


def test_names_of_user_and_computer_are_left_out(home: Path) -> None:
    text = redacted(f"{home}/models by erika on studio-7, erikas are others")
    assert text == "~/models by USER on COMPUTER, erikas are others"


def test_folders_that_may_name_a_project_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAKE_MODELS", "/mnt/Secret Film/models")
    text = redacted(
        "No model in /mnt/Secret Film/models or /srv/client-x/shot 4/a.npz; D:\\x\\y.mp4."
    )
    assert text == "No model in RETAKE_MODELS or …shot 4/a.npz; …y.mp4."
    assert redacted("2.5 of 5 GiB, ~/a/b, 3/4 at tcp://127.0.0.1:5") == (
        "2.5 of 5 GiB, ~/a/b, 3/4 at tcp://127.0.0.1:5"
    )


def test_a_server_that_is_not_there_is_no_fault() -> None:
    assert "none" in doctor_checks.server()


@pytest.mark.skipif(platform.system() == "Windows", reason="Windows has no such modes")
def test_a_folder_that_others_may_write_to_is_said(home: Path) -> None:
    (home / "run").mkdir()
    (home / "run").chmod(0o777)
    with pytest.raises(RetakeError, match="Others may write"):
        doctor_checks.folders()


@pytest.mark.slow
def test_a_second_is_lifted() -> None:
    assert "takes of a 1 s clip" in doctor_checks.one_second()
