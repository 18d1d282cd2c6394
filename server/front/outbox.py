"""Large outcomes on their way: one per client, the next when that one has arrived.

What a client does not read costs memory once, however much it has asked for. Pure; it does not
send.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace

MOST_HELD_BYTES = 512 * 2**20
MOST_CLIENTS = 1000


@dataclass(frozen=True)
class Outcome:
    """An encoded reply. `data` empty: it is kept under `digest` (`results`).

    `by_file`: the client shall read the file itself.
    """

    job_id: str
    digest: str
    data: bytes = b""
    by_file: bool = False


@dataclass
class _Post:
    under_way: Outcome | None = None
    held: deque[Outcome] = field(default_factory=deque[Outcome])


class Outbox:
    def __init__(self) -> None:
        self._posts: OrderedDict[bytes, _Post] = OrderedDict()

    def offer(self, client: bytes, outcome: Outcome) -> bool:
        """Whether it shall be sent now; else it is held. MemoryError if there is no room for it."""
        post = self._posts.setdefault(client, _Post())
        self._posts.move_to_end(client)
        if post.under_way is None:
            post.under_way = outcome
            self._forget_old()
            return True
        if self.held_bytes() + len(outcome.data) > MOST_HELD_BYTES:
            raise MemoryError
        post.held.append(outcome)
        return False

    def received(self, client: bytes, job_id: str) -> Outcome | None:
        """The client has the outcome of this job. Returns the next one to send."""
        post = self._posts.get(client)
        if post is None or self.under_way(client, job_id) is None:
            return None
        if not post.held:
            del self._posts[client]
            return None
        post.under_way = post.held.popleft()
        return post.under_way

    def as_message(self, client: bytes, job_id: str) -> Outcome | None:
        """The outcome under way, to be sent as a message after all. Once: messages cost memory."""
        outcome = self.under_way(client, job_id)
        if outcome is None or not outcome.by_file:
            return None
        self._posts[client].under_way = outcome = replace(outcome, by_file=False)
        return outcome

    def under_way(self, client: bytes, job_id: str) -> Outcome | None:
        """The outcome of this job, if the client has been sent it and has not acknowledged it."""
        post = self._posts.get(client)
        sent = post.under_way if post else None
        return sent if sent and sent.job_id == job_id else None

    def holds(self, digest: str) -> bool:
        """Whether anybody has not acknowledged this outcome."""
        return any(
            outcome.digest == digest
            for post in self._posts.values()
            for outcome in (post.under_way, *post.held)
            if outcome
        )

    def is_under_way(self, client: bytes) -> bool:
        """Whether the client has been sent an outcome that it has not acknowledged."""
        return client in self._posts

    def drop(self, client: bytes) -> None:
        self._posts.pop(client, None)

    def held_bytes(self) -> int:
        return sum(len(o.data) for post in self._posts.values() for o in post.held)

    def _forget_old(self) -> None:
        """Clients that have left without a word, their last outcome under way."""
        while len(self._posts) > MOST_CLIENTS:
            self._posts.popitem(last=False)
