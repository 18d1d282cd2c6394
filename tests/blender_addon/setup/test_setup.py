"""The server's set-up: planned for every system, done in a child process, never half done."""

from __future__ import annotations

import json
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from retake.blender_addon.setup import installer, plan
from retake.blender_addon.setup.child import Child, news_in
from retake.blender_addon.setup.redaction import redacted
from retake.blender_addon.setup.state import Setup
from retake.shared.errors import RetakeError

MODULES = {
    "retake/__init__.py": "",
    "retake/server/__init__.py": "",
    "retake/server/serve.py": "",
    "retake/cli/__init__.py": "",
    "retake/cli/__main__.py": "raise SystemExit('no pose model here')",
    "torch.py": "",
    "mediapipe.py": "",
    "av.py": "",
}
"""Stands for the server and its libraries."""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "wheel folder" / "retake-0.0.1-py3-none-any.whl"
    path.parent.mkdir()
    info = "retake-0.0.1.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in MODULES.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: retake\nVersion: 0.0.1")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def order(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> plan.Order:
    """Without a network, and with no PyTorch to fetch."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    made = plan.order(tmp_path / "server", wheel, plan.CPU_PYPI)
    return replace(made, torch=f"retake @ {wheel.as_uri()}")


def finish(setup: Setup, limit_s: float = 50) -> None:
    deadline = time.monotonic() + limit_s
    while setup.look():
        assert time.monotonic() < deadline, setup.stage
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_an_environment_is_made_and_stamped_last(order: plan.Order) -> None:
    setup, folder = Setup(), Path(order.folder)
    setup.start(order)
    assert plan.stamp_of(folder) == {}
    finish(setup, 150)
    assert (setup.failure, setup.share) == ("", 1.0)
    assert "pose model" in setup.note
    assert plan.stamp_of(folder)["wheel"] == plan.digest(Path(order.wheel))


def test_a_base_that_makes_no_environment_is_told(order: plan.Order, tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(Path(plan.__file__).with_name("installer.py"))]
    broken = replace(order, base=str(tmp_path / "nothing"))
    child = Child([*command, broken.to_json()], tmp_path / "log", plan.clean_environment())
    while child.exit_status is None:
        time.sleep(0.05)
    news = news_in(child.rest())
    child.close()
    assert child.exit_status == 1
    assert "could not" in news[-1]["failed"]
    assert plan.stamp_of(Path(order.folder)) == {}


def test_a_cancelled_set_up_leaves_nothing(order: plan.Order) -> None:
    setup, folder = Setup(), Path(order.folder)
    setup.start(order)
    setup.cancel()
    finish(setup, 30)
    assert "cancelled" in setup.failure or "status" in setup.failure
    assert not folder.exists() or plan.stamp_of(folder) == {}


def test_closing_blender_ends_the_set_up(order: plan.Order) -> None:
    setup = Setup()
    setup.start(order)
    began = time.monotonic()
    setup.close()
    assert time.monotonic() - began < 6
    assert not setup.is_running


def test_a_look_never_waits_and_takes_what_is_there(tmp_path: Path) -> None:
    code = 'import sys,time; print(\'{"stage": "a"}\\nnoise\', flush=True); time.sleep(30)'
    child = Child([sys.executable, "-c", code], tmp_path / "log", plan.clean_environment())
    lines: list[str] = []
    deadline = time.monotonic() + 20
    while len(lines) < 2 and time.monotonic() < deadline:
        lines += child.lines()
        time.sleep(0.05)
    assert news_in(lines) == [{"stage": "a"}]
    assert child.exit_status is None
    child.kill()
    assert child.exit_status is not None
    child.close()


def test_a_set_up_moves_on_while_pip_says_nothing_and_never_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    free, setup = [9000.0], Setup()

    def free_mb(folder: Path) -> float:
        return free[0]

    def share() -> float:
        for news in news_in(capsys.readouterr().out.splitlines()):
            setup.take_in(news)
        return setup.share

    monkeypatch.setattr(installer, "free_mb", free_mb)

    pip, shares = installer.Pip(tmp_path, download_mb=400, disk_mb=1000), [0.0]
    for name, size in (("torch", "200.0 MB"), ("numpy", "900 kB")):
        pip.hear(f"  Downloading {name}-2.1-cp313-linux.whl ({size})")
    shares.append(share())
    assert setup.stage == "Downloading numpy"
    pip.hear("Installing collected packages: torch, numpy")
    for taken in (100, 500, 900):
        free[0] = 9000.0 - taken
        pip.look()
        shares.append(share())
    assert setup.stage == "Unpacking 2 packages"
    assert shares == sorted(set(shares))
    pip.hear("  Downloading pyzmq-27-cp313-linux.whl (1.1 MB)")  # pip is called twice
    assert share() == shares[-1]


@pytest.mark.parametrize("system", ["Linux", "Windows", "Darwin"])
@pytest.mark.parametrize("has_nvidia", [True, False])
def test_every_computer_has_a_variant_with_size_and_source(system: str, has_nvidia: bool) -> None:
    known = plan.variants(system, has_nvidia)
    assert all(v.download_mb > 100 and v.disk_mb > v.download_mb and v.source for v in known)
    if system == "Windows" and has_nvidia:
        assert "download.pytorch.org" in known[0].index  # the package index has none for CUDA
    if system == "Linux" and not has_nvidia:
        assert known[0].index.endswith("cpu")  # the package index has only the one for CUDA


def test_a_python_without_wheels_and_a_full_disk_are_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RetakeError, match=r"Python is 3\.9"):
        plan.check_computer((3, 9), tmp_path, plan.CPU)
    plan.check_computer((3, 13), tmp_path / "not" / "yet", replace(plan.CPU, disk_mb=1))
    with pytest.raises(RetakeError, match="GB are free"):
        plan.check_computer((3, 13), tmp_path, replace(plan.CPU, disk_mb=10**9))


def test_a_zip_without_a_server_says_so(tmp_path: Path) -> None:
    with pytest.raises(RetakeError, match="carries no server"):
        plan.find_wheel(tmp_path)


def test_a_half_made_environment_is_none(tmp_path: Path) -> None:
    assert plan.stamp_of(tmp_path) == {}
    (tmp_path / plan.STAMP).write_text(json.dumps({"wheel": "x"}))
    assert plan.stamp_of(tmp_path) == {}  # its Python is gone
    (tmp_path / plan.STAMP).write_text("{")
    assert plan.stamp_of(tmp_path) == {}


def test_diagnostics_name_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "anna")
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    monkeypatch.setattr("platform.node", lambda: "annas-pc")
    text = redacted(json.dumps({"path": str(tmp_path / "anna" / "clip.mp4"), "who": "anna"}))
    assert "anna" not in text.replace("annas-pc", "COMPUTER")
    assert "clip.mp4" in text
