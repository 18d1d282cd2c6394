"""Takes out of a text what names the person or the computer, before it is given to others."""

from __future__ import annotations

import contextlib
import getpass
import json
import platform
import re
from pathlib import Path


def redacted(text: str) -> str:
    for secret, stand_in in _secrets():
        for form in {secret, json.dumps(secret)[1:-1]}:  # in JSON a backslash is two
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", lambda _, s=stand_in: s, text)
    return text


def _secrets() -> list[tuple[str, str]]:
    """The longest first: the home folder has the user's name in it."""
    found = [(str(Path.home()), "~"), (platform.node(), "COMPUTER")]
    with contextlib.suppress(OSError, KeyError, ImportError):  # a user without a name
        found.append((getpass.getuser(), "USER"))
    found = [(secret, stand_in) for secret, stand_in in found if len(secret) > 1]
    return sorted(found, key=lambda pair: -len(pair[0]))
