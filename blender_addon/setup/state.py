"""How far the set-up is: what its process says, turned into what the panel shows. No Blender."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from . import plan
from .child import Child, news_in

INSTALLER = Path(__file__).with_name("installer.py")
PATIENCE_S = 5.0
"""How long a cancelled set-up may take to clear up before it is ended."""


@dataclass
class Setup:
    """At most one set-up at a time.

    `failure` is a sentence, `detail` what pip said; both empty if all went well.
    """

    child: Child | None = None
    folder: Path | None = None
    stage: str = ""
    share: float = 0.0
    failure: str = ""
    detail: str = ""
    note: str = ""
    began: float = field(default=0.0)
    cancelled_at: float = field(default=0.0)

    @property
    def is_running(self) -> bool:
        return self.child is not None

    def start(self, order: plan.Order) -> None:
        """RetakeError if it cannot be started."""
        self.folder = Path(order.folder)
        log = self.folder.with_name(self.folder.name + ".log")
        command = [order.base, "-I", str(INSTALLER), order.to_json()]
        self.child = Child(command, log, plan.clean_environment())
        self.stage, self.share, self.failure, self.detail, self.note = "Starting", 0.0, "", "", ""
        self.began, self.cancelled_at = time.monotonic(), 0.0

    def cancel(self) -> None:
        """It clears up after itself and ends; `look` ends it if it does not."""
        if self.child and self.folder:
            self.folder.with_name(self.folder.name + ".cancel").touch()
            self.stage, self.cancelled_at = "Cancelling", time.monotonic()

    def look(self) -> bool:
        """Take in what it has said. Returns whether it still runs."""
        if self.child is None:
            return False
        ended = self.child.exit_status is not None
        for news in news_in(self.child.rest() if ended else self.child.lines()):
            self.take_in(news)
        if not ended:
            if self.cancelled_at and time.monotonic() - self.cancelled_at > PATIENCE_S:
                self.child.kill()
            return True
        if self.child.exit_status and not self.failure:
            self.failure = f"The set-up ended with status {self.child.exit_status}."
        self.child.close()
        self.child = None
        return False

    def take_in(self, news: dict[str, object]) -> None:
        if not self.cancelled_at:
            self.stage = str(news.get("stage", self.stage))
        share = news.get("share")
        if isinstance(share, int | float):  # pip is called twice: it never goes back for people
            self.share = max(self.share, float(share))
        self.failure = str(news.get("failed", self.failure))
        self.detail = str(news.get("detail", self.detail))
        self.note = str(news.get("note", self.note))

    def close(self) -> None:
        """Blender ends, or the extension is disabled: what is half made is no environment."""
        if self.child:
            self.child.kill()
            self.child.close()
            self.child = None
