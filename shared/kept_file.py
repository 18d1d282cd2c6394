"""An outcome that the server left as a file for a client of the same user and computer.

The name is checked before anything is opened: 64 hexadecimal digits in the folder the server names,
which only a server that showed its key can do.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import cast

from .errors import RetakeError
from .protocol import Kept, Result, Track, decode_reply

_NAME = re.compile("[0-9a-f]{64}")


def read_kept(kept: Kept) -> Result | Track:
    """RetakeError if the file is not there, cannot be read, or is not of this job."""
    if not _NAME.fullmatch(kept.digest) or not kept.folder:
        raise RetakeError("The server named no file that can be its outcome.")
    path = Path(kept.folder, kept.digest)
    try:
        # Mapped, not read: the parts are copied once, by who takes them apart.
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reply = decode_reply(cast(bytes, data))
    except (OSError, ValueError) as error:
        raise RetakeError(f"The server's outcome cannot be read from {path}: {error}.") from None
    if not isinstance(reply, Result | Track) or reply.job_id != kept.job_id:
        raise RetakeError(f"The file {path} is not the outcome that was asked for.")
    return reply
