"""`retake COMMAND ...`, also as `python -m retake.cli`.

It knows the commands' names and how a program ends: texts for people, exit codes. A command is a
module beside this one with `HELP`, `add_arguments(parser)` and `run(args) -> int`; only the chosen
one is imported, so that no command waits for another's libraries.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.metadata
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from ..shared.errors import RetakeError

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130


@dataclass(frozen=True)
class Command:
    """Its line in the list of commands, and the extra of pyproject.toml that it needs."""

    help: str
    extra: str


COMMANDS = {
    "serve": Command("start, or stop, the server that lifts keypoints to 3D", "server"),
    "detect": Command("find a person's 2D keypoints in a video", "detect"),
    "lift": Command("turn a keypoint track into several 3D takes", "server"),
    "batch": Command("lift many clips into a folder", "server"),
    "apply": Command("write a take onto a rig in a .blend file", "demo"),
    "demo": Command("do all of it once with a bundled sample clip", "demo"),
    "prepare": Command("bring a data set into the form that training reads", "training"),
    "train": Command("train a model", "training"),
    "evaluate": Command("measure a model on test data", "training"),
    "calibrate": Command("fit how sure a model is of its takes", "training"),
    "export": Command("make a model folder of a training run", "training"),
    "models": Command("list, fetch and import models", "detect"),
    "doctor": Command("say what works on this computer, and what does not", "server"),
}


def usage() -> str:
    rows = "\n".join(f"  {name:10}{command.help}" for name, command in COMMANDS.items())
    return (
        "usage: retake COMMAND [arguments]\n\n"
        "Several 3D motions from one ordinary video, chosen inside Blender.\n\n"
        f"commands:\n{rows}\n\n"
        "`retake COMMAND --help` explains a command; `retake --version` prints the version."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole program; returns its exit code. `arguments` without the program's name."""
    name, *rest = (sys.argv[1:] if arguments is None else arguments) or [""]
    if name in COMMANDS:
        return run_command(name, rest)
    if name == "--version":
        print(f"retake {importlib.metadata.version('retake')}")
        return 0
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if not name:
        print(usage(), file=sys.stderr)
        return WRONG_USE
    return complain(unknown(name), WRONG_USE)


def run_command(name: str, arguments: list[str]) -> int:
    try:
        module = import_module(f".{name}", __package__)
        parser = argparse.ArgumentParser(prog=f"retake {name}", description=module.HELP)
        module.add_arguments(parser)
        return module.run(parser.parse_args(arguments))
    except RetakeError as error:
        return complain(str(error), FAILED)
    except MemoryError:
        return complain("The memory ran out. Ask for fewer hypotheses, or cut the clip.", FAILED)
    except ImportError as error:
        if (error.name or "").startswith("retake"):
            raise
        return complain(missing_library(name, error), FAILED)
    except KeyboardInterrupt:
        return complain("stopped", INTERRUPTED)


def complain(text: str, code: int) -> int:
    print(f"retake: {text}", file=sys.stderr)
    return code


def unknown(name: str) -> str:
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    advice = f"Did you mean '{near[0]}'?" if near else f"Commands: {', '.join(COMMANDS)}."
    return f"There is no command '{name}'. {advice}"


def missing_library(command: str, error: ImportError) -> str:
    """Not installed; or installed and not loading, as when a system library is missing."""
    if not isinstance(error, ModuleNotFoundError):
        return f"'{command}' could not load {error.name or 'a library'}: {error}."
    extra = COMMANDS[command].extra
    return (
        f"'{command}' needs {error.name}, which is not installed. "
        f'In the folder of the checkout run: {sys.executable} -m pip install -e ".[{extra}]"'
    )


if __name__ == "__main__":
    raise SystemExit(main())
