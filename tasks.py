"""Everything one does with a checkout: `python3.11 tasks.py COMMAND [further arguments]`.

Standard library only. It makes `.venv` once, installs there what the command needs, starts itself
again inside and runs the command. It knows no details: programs, tests and tools do the work.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PARTS = ("blender_addon", "cli", "server", "shared", "training")

Version = tuple[int, int]

BLENDERS = {"4.5": (3, 11), "5.2": (3, 13), "5.0": (3, 11)}
"""Blender version -> the Python its `bpy` wheel is made for. Those without long support come last:
PyPI may drop them."""

OWN_BLENDERS = {(3, 11): "4.5", (3, 13): "5.2"}
"""Python version -> the Blender that `.venv` has with it, as pyproject.toml says."""

PLATFORMS = (("Linux", "x86_64"), ("Darwin", "arm64"), ("Windows", "AMD64"))
"""Where `bpy`, torch and MediaPipe all have wheels."""

BPY_LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
}
"""System library that `bpy` loads -> Debian package. Without libEGL its first render aborts."""

BENCHMARKS = ROOT / "benchmarks"
"""One script per benchmark, beside `report.py`, which they share. Each takes `--json FILE`."""


class Stop(Exception):
    """Something the person at the keyboard has to do first; the text says what."""


def say(text: str) -> None:
    print(text, flush=True)


# What the machine must have before anything is installed.


def python_problem(version: Version) -> str | None:
    if version in OWN_BLENDERS:
        return None
    known = " or ".join(f"{a}.{b} (Blender {name})" for (a, b), name in OWN_BLENDERS.items())
    found = f"This is Python {version[0]}.{version[1]}; Retake needs {known}."
    return f"{found} Start it with: {'py -3.11' if os.name == 'nt' else 'python3.11'} tasks.py"


def platform_problem(system: str, machine: str) -> str | None:
    if (system, machine) in PLATFORMS:
        return None
    known = ", ".join(" ".join(pair) for pair in PLATFORMS)
    found = f"There is no Blender, PyTorch and MediaPipe together for {system} {machine}"
    return f"{found}; Retake runs on {known}."


def missing_libraries(load: Callable[[str], object] = ctypes.CDLL) -> list[str]:
    """Those of BPY_LIBRARIES that cannot be loaded."""
    missing: list[str] = []
    for name in BPY_LIBRARIES:
        try:
            load(name)
        except OSError:
            missing.append(name)
    return missing


def install_line(
    libraries: Iterable[str], need_venv: bool, has_apt: bool, is_root: bool
) -> str | None:
    """The one line that installs what is missing; None if nothing is."""
    venv = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    packages = [BPY_LIBRARIES[name] for name in libraries] + [venv] * need_venv
    if not packages:
        return None
    if has_apt:
        sudo = "" if is_root else "sudo "
        return f"{sudo}apt-get install -y --no-install-recommends {' '.join(packages)}"
    names = [*libraries, *["Python's modules venv and ensurepip"] * need_venv]
    return f"install with your system's package manager: {', '.join(names)}"


def check_machine(extra: str) -> None:
    """Raises Stop with one sentence, and the one line that mends it where there is one."""
    problem = python_problem(sys.version_info[:2])
    problem = problem or platform_problem(platform.system(), platform.machine())
    if problem:
        raise Stop(problem)
    uses_bpy = platform.system() == "Linux" and extra in ("demo", "test")
    line = install_line(
        missing_libraries() if uses_bpy else (),
        need_venv=not all(map(importlib.util.find_spec, ("venv", "ensurepip"))),
        has_apt=shutil.which("apt-get") is not None,
        is_root=os.name == "posix" and os.geteuid() == 0,
    )
    if line:
        raise Stop(f"This system lacks something Retake needs. Run this, then try again:\n{line}")


# Virtual environments.


def venv_python(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def probe(command: list[str], needs: str) -> Version | None:
    """The version of the Python that `command` starts; None if it fails or lacks module `needs`."""
    code = f"import {needs}, sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([*command, "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    major, minor = done.stdout.split()
    return int(major), int(minor)


def fingerprint(version: Version, installs: list[list[str]]) -> str:
    """Changes with the Python version, with what is installed and with pyproject.toml."""
    text = f"{version} {installs} ".encode() + (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(text).hexdigest()


def is_filled(folder: Path, name: str, key: str) -> bool:
    stamp = folder / f"retake-{name}.stamp"
    return venv_python(folder).exists() and stamp.is_file() and stamp.read_text() == key


def make_venv(folder: Path, python: list[str], version: Version) -> None:
    """An empty environment, unless there is a sound one of this Python version."""
    found = probe([str(venv_python(folder))], needs="pip")
    if found == version:
        return
    if folder.exists():
        was = f"Python {found[0]}.{found[1]}" if found else "half made or broken"
        say(f"Removing {folder.name} (it is {was}) ...")
        shutil.rmtree(folder)
    say(f"Making {folder.name} with Python {version[0]}.{version[1]} ...")
    folder.parent.mkdir(exist_ok=True)
    if subprocess.call([*python, "-m", "venv", str(folder)]):
        raise Stop(f"The environment {folder.name} could not be made; the reason stands above.")


def progress_line(line: str) -> str | None:
    """What of pip's output is worth a line: downloads of a megabyte and more, and the unpacking."""
    if match := re.match(r"\s*Downloading (\S+?)-(\d[^-]*)-\S+ \(([\d.]+ [MG]B)\)", line):
        return "{} {} ({})".format(*match.groups())
    if line.startswith("Installing collected packages"):
        return f"unpacking {line.count(',') + 1} packages"
    return None


def pip_install(python: Path, arguments: list[str]) -> None:
    """Raises Stop with pip's last lines. Not byte-compiled: bpy alone has thousands of files."""
    what, where = re.sub(r"^\.", "retake", arguments[-1]), python.parent.parent.name
    say(f"Installing {what} into {where} (once; it can take minutes) ...")
    quiet = ["--no-compile", "--progress-bar=off", "--no-input", "--disable-pip-version-check"]
    command = [str(python), "-m", "pip", "install", *quiet, *arguments]
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",  # a path in another encoding must not stop the installation
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if shown := progress_line(line):
                say(f"  {shown}")
    if process.returncode:
        raise Stop("\n".join([*lines[-15:], f"pip could not install {what}; why stands above."]))


def fill_venv(
    folder: Path, python: list[str], version: Version, name: str, installs: list[list[str]]
) -> Path:
    """The Python of `folder`, with everything of `installs` (lists of pip arguments) in it."""
    key = fingerprint(version, installs)
    if not is_filled(folder, name, key):
        make_venv(folder, python, version)
        for arguments in installs:
            pip_install(venv_python(folder), arguments)
        (folder / f"retake-{name}.stamp").write_text(key)
    return venv_python(folder)


def enter_venv(extra: str) -> None:
    """Return only inside `.venv`, with `extra` installed."""
    version = sys.version_info[:2]
    installs = {name: [["-e", f".[{name}]"]] for name in (extra, "test")}  # "test" holds all others
    if not any(is_filled(VENV, name, fingerprint(version, i)) for name, i in installs.items()):
        check_machine(extra)
        fill_venv(VENV, [sys.executable], version, extra, installs[extra])
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    again = [str(venv_python(VENV)), str(ROOT / "tasks.py"), *sys.argv[1:]]
    if os.name == "posix":
        os.execv(again[0], again)
    raise SystemExit(subprocess.call(again))  # Windows: exec would return to the shell at once


# The commands. They run inside `.venv`.


def program(*arguments: str) -> int:
    """Python with `arguments`, in the folder the person is in: file names are meant from there."""
    return subprocess.call([sys.executable, *arguments])


def tool(*arguments: str) -> int:
    """`python -m` a development tool, in the checkout."""
    return subprocess.call([sys.executable, "-m", *arguments], cwd=ROOT)


TEST_STEPS = {"tests": ("pytest",), "tests in Blender": ("pytest", "tests/blender")}
"""Two processes: `import bpy` turns one into a Blender, with one scene for all tests and, in 4.5, a
hang at exit. So pytest leaves tests/blender out unless it is named (tests/conftest.py)."""


def run_steps(steps: dict[str, tuple[str, ...]]) -> int:
    """Every step, also after one that failed; 1 if any did."""
    failed: list[str] = []
    for name, command in steps.items():
        say(f"== {name}: {' '.join(command[:2])}")
        if tool(*command):
            failed.append(name)
    say(f"== failed: {', '.join(failed)}" if failed else "== all passed")
    return int(bool(failed))


def run_tests(arguments: list[str]) -> int:
    return tool("pytest", *arguments) if arguments else run_steps(TEST_STEPS)


def check(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tasks.py check")
    parser.add_argument("--no-tests", action="store_true", help="formatting, lint and types only")
    without_tests = parser.parse_args(arguments).no_tests
    link_types()
    steps = {
        "formatting": ("ruff", "format", "--check", "."),
        "lint": ("ruff", "check", "."),
        "types": ("pyright", "--pythonpath", sys.executable),
    }
    return run_steps(steps if without_tests else steps | TEST_STEPS)


def link_types() -> None:
    """`.types/retake/NAME` -> NAME: type checkers cannot follow the mapping in pyproject.toml."""
    folder = ROOT / ".types" / "retake"
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        link = folder / name
        if link.exists():
            continue
        if os.name == "nt":  # a junction; a symbolic link would need rights
            subprocess.check_call(["cmd", "/c", "mklink", "/J", str(link), str(ROOT / name)])
        else:
            link.symlink_to(Path("..", "..", name), target_is_directory=True)


def bench(arguments: list[str]) -> int:
    name = arguments[0] if arguments else ""
    known = sorted(path.stem for path in BENCHMARKS.glob("*.py") if path.stem != "report")
    if name not in known:
        raise Stop(f"There is no benchmark '{name}'. Benchmarks: {', '.join(known)}.")
    return program(str(BENCHMARKS / f"{name}.py"), *arguments[1:])


def find_python(version: Version) -> list[str] | None:
    """The command that starts this Python version, if the machine has it."""
    name = f"{version[0]}.{version[1]}"
    if os.name == "nt":
        commands = [["py", f"-{name}"]]
    else:
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
        installed = sorted(pyenv.glob(f"versions/{name}*/bin/python{name}"))
        commands = [[f"python{name}"], *([str(path)] for path in installed)]
    return next((command for command in commands if probe(command, "ensurepip") == version), None)


def blender_environment(blender: str) -> Path | None:
    """A Python with this Blender: ours, or one of its own beside `.venv`, without torch."""
    if OWN_BLENDERS.get(sys.version_info[:2]) == blender:
        return Path(sys.executable)
    version = BLENDERS[blender]
    python = find_python(version)
    if python is None:
        return None
    packages = ["pytest>=8.3", "pytest-timeout>=2.3", "msgpack>=1.1", "pyzmq>=26.4", "tqdm>=4.66"]
    installs = [[*packages, f"bpy=={blender}.*"], ["--no-deps", "-e", "."]]
    return fill_venv(ROOT / ".venvs" / f"bpy-{blender}", python, version, "blender", installs)


def blender_matrix(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tasks.py blender-matrix")
    parser.add_argument("--only", choices=list(BLENDERS), help="this Blender version alone")
    options, further = parser.parse_known_args(arguments)
    failed = False
    for blender in [options.only] if options.only else BLENDERS:
        python = blender_environment(blender)
        if python is None:
            needed = "Python {}.{}".format(*BLENDERS[blender])
            say(f"== Blender {blender}: skipped; {needed} is not on this machine.")
            continue
        say(f"== Blender {blender}: pytest tests/blender")
        command = [str(python), "-m", "pytest", "tests/blender", *further]
        # The server needs torch, which only `.venv` has.
        environment = os.environ | {"RETAKE_SERVER_PYTHON": sys.executable}
        failed = bool(subprocess.call(command, cwd=ROOT, env=environment)) or failed
    return int(failed)


@dataclass(frozen=True)
class Command:
    help: str
    extra: str
    run: Callable[[list[str]], int]


COMMANDS = {
    "demo": Command(
        "drive a rig from a sample clip: demo.blend and demo.png",
        "demo",
        lambda rest: program("-m", "retake.cli", "demo", *rest),
    ),
    "test": Command("run the tests; further arguments go to pytest", "test", run_tests),
    "check": Command("formatting, lint, types and tests", "test", check),
    "bench": Command("run a benchmark: bench NAME [--json FILE]", "test", bench),
    "golden": Command(
        "compare the model with recorded numbers: golden FILE KEYS ...",
        "server",
        lambda rest: program("-m", "retake.shared.model.golden", *rest),
    ),
    "golden-metrics": Command(
        "compare the metrics with recorded numbers: golden-metrics FILE",
        "test",
        lambda rest: program("-m", "retake.training.evaluation.golden", *rest),
    ),
    "extension": Command(
        "build the extension: a zip per system, the server's wheel in it, a repository",
        "demo",
        lambda rest: program("-m", "retake.blender_addon.packaging", *rest),
    ),
    "blender-matrix": Command("run tests/blender in every Blender version", "test", blender_matrix),
    "blender-gui": Command(
        "walk through the add-on in a real window: pictures of every panel",
        "demo",
        lambda rest: program(str(ROOT / "tests" / "gui" / "run.py"), *rest),
    ),
}


def main(arguments: list[str]) -> int:
    name, *further = arguments or [""]
    if name not in COMMANDS:
        rows = "\n".join(f"  {name:15} {command.help}" for name, command in COMMANDS.items())
        say(f"usage: tasks.py COMMAND [further arguments]\n\n{rows}")
        return 0 if name in ("-h", "--help") else 2
    try:
        enter_venv(COMMANDS[name].extra)
        return COMMANDS[name].run(further)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
