"""`retake doctor`: one page that says what works on this computer, to read or to send to somebody.

Paths, user and computer names are left out. It changes nothing and asks nothing of the network.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import platform
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ..shared.errors import RetakeError

HELP = "say what works on this computer, and what does not"

EXPECTED_FAILURES = (RetakeError, OSError, ImportError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Finding:
    """What one check has found; `good` False: `text` says what is wrong."""

    name: str
    good: bool
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the same for programs")


def run(args: argparse.Namespace) -> int:
    """1 if anything is wrong."""
    from .doctor_checks import CHECKS

    findings: list[Finding] = []
    for name, check in CHECKS.items():
        findings.append(examine(name, check))
        if not args.json:
            print(line_of(findings[-1]), flush=True)  # one by one: the last takes seconds
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    return 0 if all(finding.good for finding in findings) else 1


def examine(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, redacted(check()))
    except EXPECTED_FAILURES as error:
        return Finding(name, False, redacted(str(error) or type(error).__name__))


def line_of(finding: Finding) -> str:
    return f"{'ok ' if finding.good else 'NO '} {finding.name:12}{finding.text}"


def redacted(text: str) -> str:
    """Without what names the user, the computer, or a project by its folders."""
    for secret, stand_in in _secrets():
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", lambda _, to=stand_in: to, text)
    return _FOLDERS.sub("…", text)


_FOLDERS = re.compile(r"(?<![\w.~…/\\])(?:/|[A-Za-z]:\\)(?:[^\s/\\:*?\"'<>|]+[/\\])+")
"""Of an absolute path all but the last name; what follows a space in one is not seen."""


def _secrets() -> list[tuple[str, str]]:
    """The longest first: the home folder has the user's name in it."""
    found = [(str(Path.home()), "~"), (platform.node(), "COMPUTER"), (os.getcwd(), "FOLDER")]
    found += [
        (v, k) for k, v in os.environ.items() if k.startswith("RETAKE_") and Path(v).is_absolute()
    ]
    with contextlib.suppress(OSError, KeyError, ImportError):  # a user without a name
        found.append((getpass.getuser(), "USER"))
    found = [(secret, stand_in) for secret, stand_in in found if len(secret) > 1]
    return sorted(found, key=lambda pair: -len(pair[0]))
