"""Outcomes on their way to those who asked: as a file, or as a message.

It knows where they are kept and who has not acknowledged one; it decides nothing about jobs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ...shared.kept_file import outcome_in
from ...shared.protocol import Kept, ProtocolError, Result, Track, encode
from ..failures import failed
from ..results import Results
from .outbox import Outbox, Outcome

log = logging.getLogger("retake.server")

NOT_READ = "Its outcome could not be kept for you: too much waits to be read. Ask again."


class Delivery:
    def __init__(self, send: Callable[[bytes, bytes], object]) -> None:
        """`send(client, message)`."""
        self._send = send
        self._outbox = Outbox()
        self._results = Results()
        self._results.tidy()

    def is_kept(self, digest: str) -> bool:
        """Whether the outcome is there already."""
        return self._find(digest) is not None

    def hand_over(self, client: bytes, outcome: Outcome) -> None:
        """Now, or when the client has what is under way to it."""
        try:
            if self._outbox.offer(client, outcome):
                self._send_outcome(client, outcome)
        except MemoryError:
            self._give_up(client, outcome)

    def received(self, client: bytes, job_id: str) -> None:
        """The client has an outcome and can take another."""
        if outcome := self._outbox.received(client, job_id):
            self._send_outcome(client, outcome)

    def send_again(self, client: bytes, job_id: str) -> None:
        """The client cannot read the file it was pointed to."""
        if outcome := self._outbox.as_message(client, job_id):
            self._send_outcome(client, outcome)

    def is_under_way(self, client: bytes) -> bool:
        """Whether the client has been sent an outcome that it has not acknowledged."""
        return self._outbox.is_under_way(client)

    def drop(self, client: bytes) -> None:
        self._outbox.drop(client)

    def tidy(self) -> None:
        """Free the memory of what has been read."""
        self._results.let_go(self._outbox.holds)

    def close(self) -> None:
        """Leave no file that is there for this server only."""
        self._results.close()

    def _send_outcome(self, client: bytes, outcome: Outcome) -> None:
        """The client's next one follows if this one is lost."""
        if outcome.by_file:
            folder = str(self._results.folder_of(outcome.digest).absolute())
            kept = Kept(job_id=outcome.job_id, digest=outcome.digest, folder=folder)
            self._send(client, encode(kept))
        elif outcome.data:
            self._send(client, outcome.data)
        elif found := self._find(outcome.digest, any_age=True):
            self._send(client, encode(found))
        else:
            self._give_up(client, outcome)
            self.received(client, outcome.job_id)

    def _find(self, digest: str, any_age: bool = False) -> Result | Track | None:
        """What is kept, if it is sound."""
        content = self._results.get(digest, any_age)
        if content is None:
            return None
        try:
            return outcome_in(content)
        except ProtocolError:
            log.warning("The outcome %s is damaged and will be computed again", digest)
        del content  # Windows removes no file that is in use
        self._results.remove(digest)
        return None

    def _give_up(self, client: bytes, outcome: Outcome) -> None:
        self._send(client, encode(failed(outcome.job_id, "busy", NOT_READ)))
