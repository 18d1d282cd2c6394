"""The worker's threads: one per job, and each stays for the next job.

To start one takes the system four milliseconds while all processors are busy, which is most of
what a server would add to a small lift.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

import zmq

from ..spare_memory import collect

Send = Callable[[bytes], object]
"""Takes an encoded reply."""

_INNER = "inproc://replies"


class Crew:
    """As many threads as jobs have run at once, and one before the first.

    What jobs say comes out of the socket `replies`, with the job's token before it.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]]) -> None:
        self._context = context
        self.replies = context.socket(zmq.PULL)
        self.replies.bind(_INNER)
        self._jobs: SimpleQueue[tuple[bytes, Callable[[Send], None]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._grow()

    def start(self, token: bytes, work: Callable[[Send], None]) -> None:
        """Let a thread do it at once."""
        with self._lock:
            if not self._idle:
                self._grow()
            self._idle -= 1
        self._jobs.put((token, work))

    def _grow(self) -> None:
        self._idle += 1
        # daemon: the process ends when the front does, whatever the threads compute
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._context.socket(zmq.PUSH) as replies:
            replies.connect(_INNER)
            while True:
                token, work = self._jobs.get()
                work(lambda data, token=token: replies.send_multipart([token, data]))
                del work  # or it would keep what the job has read until the next one
                collect()
                with self._lock:
                    self._idle += 1
