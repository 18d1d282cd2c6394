"""The program `retake`: which command runs, what people read when it cannot, and the exit codes."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from retake.cli import __main__ as cli
from retake.shared.errors import RetakeError

HEAVY = ("torch", "bpy", "mediapipe", "av", "zmq", "PIL")
"""Libraries that `--help` must not wait for."""


def command(monkeypatch: pytest.MonkeyPatch, error: BaseException | None = None) -> None:
    """Replace every command by one that does nothing, or raises `error`."""

    def run(args: argparse.Namespace) -> int:
        if error:
            raise error
        return 7

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--seed", type=int)

    module = SimpleNamespace(HELP="nothing", add_arguments=add_arguments, run=run)

    def import_module(name: str, package: str) -> SimpleNamespace:
        return module

    monkeypatch.setattr(cli, "import_module", import_module)


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


def test_the_commands_exit_code_is_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch)
    assert cli.main(["lift", "--seed", "3"]) == 7


def test_alone_it_prints_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    usage = capsys.readouterr().err
    assert all(name in usage for name in cli.COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("retake 0.")


def test_a_misspelt_command_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["detct", "clip.mp4"]) == 2
    assert last_line(capsys).endswith("Did you mean 'detect'?\n")


def test_a_foreign_command_gets_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["12345"]) == 2
    assert "serve, detect, lift" in last_line(capsys)


def test_an_error_for_people_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(monkeypatch, RetakeError("There is no file clip.mp4."))
    assert cli.main(["detect"]) == 1
    assert last_line(capsys) == "retake: There is no file clip.mp4.\n"


def test_a_missing_library_gets_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(monkeypatch, ModuleNotFoundError("No module named 'torch'", name="torch"))
    assert cli.main(["train"]) == 1
    assert last_line(capsys).endswith('pip install -e ".[training]"\n')


def test_a_library_that_does_not_load_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(monkeypatch, ImportError("libX11.so.6: cannot open shared object file", name="bpy"))
    assert cli.main(["apply"]) == 1
    assert "bpy: libX11.so.6" in last_line(capsys)


def test_our_own_import_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, ModuleNotFoundError("no", name="retake.server.lfit"))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["lift"])


def test_control_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command(monkeypatch, KeyboardInterrupt())
    assert cli.main(["serve"]) == 130
    assert last_line(capsys) == "retake: stopped\n"


def test_help_of_every_command_needs_no_heavy_library() -> None:
    code = """
import sys
from retake.cli.__main__ import COMMANDS, main
for name in COMMANDS:
    try:
        main([name, "--help"])
    except SystemExit as end:
        assert end.code == 0, name
    heavy = sorted(set(sys.argv[1:]) & set(sys.modules))
    assert not heavy, f"{name} imports {heavy}"
"""
    done = subprocess.run([sys.executable, "-c", code, *HEAVY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"usage: retake {name} " in done.stdout for name in cli.COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["detect", "absent.mp4", "-o", "out.npz"],
        ["lift", "absent.npz", "-o", "out.npz"],
        ["apply", "absent.npz", "--rig", "absent.blend", "--armature", "rig", "-o", "shot.blend"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_missing_file_is_named_and_nothing_is_written(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("retake: ")
    assert "absent." in error
    assert list(tmp_path.iterdir()) == []
