"""The front of the server: the clients' socket, what requests lead to, the care for one worker.

It computes nothing and never waits for anything but messages, so that it always answers at once. It
does not import torch: a worker that runs out of memory or crashes is started again, while the front
and its clients live on.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from importlib.metadata import version

import zmq

from ..shared.connection_file import process_exists
from ..shared.errors import FieldError, RetakeError
from ..shared.protocol import (
    LARGEST_MESSAGE,
    PROTOCOL_VERSION,
    Accepted,
    Cancel,
    Failed,
    Hello,
    Lift,
    Ping,
    Pong,
    Progress,
    ProtocolError,
    Reply,
    Request,
    Result,
    Welcome,
    decode_reply,
    decode_request,
    encode,
    job_id_of,
)
from .exits import why_it_ended
from .jobs import MOST_WAITING, Job, Jobs, QueueFull
from .models import available_models, find_model
from .requests import read_lift
from .worker_process import StartBudget, WorkerProcess

log = logging.getLogger("retake.server")

TICK_MS = 200
"""How often, at least, the front looks after its worker."""

CANCEL_PATIENCE_S = 10.0
"""A worker looks for Cancel between two iterations.

One that has not stopped after this time is killed.
"""

IDLE_S = 60.0
"""How long a server that has lost its parent stays for others that talk to it."""

MOST_QUEUED_MESSAGES = 1000
"""Per client and direction, before it counts as gone."""


class Front:
    """Serves clients on a loopback port that the system chose, until `run` is interrupted."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], parent: int | None = None) -> None:
        """`run` returns when process `parent` is gone and nobody has asked for a while."""
        public, secret = zmq.curve_keypair()
        self.server_key = public.decode()
        self._socket = _clients_socket(context, public, secret)
        self.address = self._socket.get_string(zmq.LAST_ENDPOINT)
        self._context = context
        self._parent = parent
        self._heard_at = time.monotonic()
        self._jobs = Jobs()
        self._budget = StartBudget()
        self._worker: WorkerProcess | None = None
        self._device = ""

    def run(self) -> None:
        """The server loop."""
        self._look_after_worker()
        while not self._is_abandoned():
            self._wait()
            self._read_clients()
            self._read_worker()
            self._look_after_worker()
            self._start_next_job()

    def close(self) -> None:
        """End the worker and close the port."""
        if self._worker:
            self._worker.close()
        self._socket.close()

    def _wait(self) -> None:
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        if self._worker:
            poller.register(self._worker.socket, zmq.POLLIN)
        poller.poll(TICK_MS)

    def _is_abandoned(self) -> bool:
        if self._parent is None or process_exists(self._parent):
            return False
        return len(self._jobs) == 0 and time.monotonic() - self._heard_at > IDLE_S

    # Clients

    def _read_clients(self) -> None:
        while self._socket.poll(0):
            client, *frames = self._socket.recv_multipart()
            self._heard_at = time.monotonic()
            if len(frames) == 1:
                self._answer(client, frames[0])
            else:
                text = f"expected a message of one frame, got {len(frames)}"
                self._send(client, Failed(job_id="", code="invalid", text=text))

    def _answer(self, client: bytes, data: bytes) -> None:
        try:
            self._dispatch(client, decode_request(data), data)
        except FieldError as error:
            job_id = job_id_of(data)
            self._send(
                client, Failed(job_id=job_id, code="invalid", text=str(error), field=error.field)
            )
        except Exception:  # border: no message may end the server
            log.exception("A message could not be handled")
            text = "The server failed at this message; its log says more."
            self._send(client, Failed(job_id=job_id_of(data), code="crashed", text=text))

    def _dispatch(self, client: bytes, request: Request, data: bytes) -> None:
        match request:
            case Hello():
                self._send(client, self._greet(request))
            case Ping():
                self._send(client, Pong(job_id=request.job_id))
            case Lift():
                self._send(client, self._accept(client, request, data))
            case Cancel():
                self._cancel(client, request.job_id)

    def _greet(self, hello: Hello) -> Reply:
        if hello.protocol_version != PROTOCOL_VERSION:
            text = (
                f"The client (Retake {hello.package_version}) speaks protocol version "
                f"{hello.protocol_version}, the server (Retake {version('retake')}) speaks "
                f"{PROTOCOL_VERSION}. Update the older of the two."
            )
            return Failed(job_id=hello.job_id, code="version", text=text, field="protocol_version")
        return Welcome(
            job_id=hello.job_id,
            protocol_version=PROTOCOL_VERSION,
            package_version=version("retake"),
            device=self._device,
            models=list(available_models()),
        )

    def _accept(self, client: bytes, request: Lift, data: bytes) -> Reply:
        failed = partial(Failed, job_id=request.job_id)
        if not request.job_id or self._jobs.knows(client, request.job_id):
            raise ProtocolError(
                "job_id", f"'{request.job_id}' is empty or names a job not yet over"
            )
        read_lift(request)
        try:
            find_model(request.model)
        except RetakeError as error:
            return failed(code="unknown_model", text=str(error), field="model")
        if self._worker is None:
            return failed(code="crashed", text=_NO_WORKER)
        try:
            ahead = self._jobs.add(Job(client, request.job_id, data))
        except QueueFull:
            return failed(
                code="busy", text=f"{MOST_WAITING} jobs are waiting already. Try again later."
            )
        return Accepted(job_id=request.job_id, ahead=ahead)

    def _cancel(self, client: bytes, job_id: str) -> None:
        """The client hears at once; a worker inside a long iteration stops when that is over."""
        if self._jobs.cancel(client, job_id, time.monotonic()):
            self._send(
                client, Failed(job_id=job_id, code="cancelled", text="The job was cancelled.")
            )
            self._stop_cancelled()

    def _send(self, client: bytes, reply: Reply) -> None:
        self._forward(client, encode(reply))

    def _forward(self, client: bytes, data: bytes) -> None:
        try:
            self._socket.send_multipart([client, data], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            # The client is gone, or has not read for very long: nobody waits for its jobs.
            self._jobs.drop_client(client, time.monotonic())
            self._stop_cancelled()

    # The worker

    def _read_worker(self) -> None:
        while self._worker and (message := self._worker.receive()):
            try:
                self._pass_on(*message)
            except ProtocolError:
                log.exception("The worker has sent something that is no reply")
                self._worker.kill()

    def _pass_on(self, client: bytes, data: bytes) -> None:
        match decode_reply(data):
            case Welcome(device=device) if self._worker:
                self._worker.ready, self._device = True, device
            case Progress() if self._jobs.audience():
                self._forward(client, data)
            case Result() | Failed() if self._jobs.finish():
                self._forward(client, data)
            case _:
                pass  # of a job that was cancelled

    def _start_next_job(self) -> None:
        if self._worker and self._worker.ready and (job := self._jobs.start_next()):
            self._worker.send(job.client, job.request)

    def _stop_cancelled(self) -> None:
        """Tell the worker, if its job is a cancelled one. Telling it again does no harm."""
        job = self._jobs.running
        if self._worker and job and self._jobs.cancelled_at is not None:
            self._worker.send(job.client, encode(Cancel(job_id=job.job_id)))

    def _look_after_worker(self) -> None:
        now = time.monotonic()
        if self._worker:
            cancelled_at = self._jobs.cancelled_at
            if cancelled_at is not None and now - cancelled_at > CANCEL_PATIENCE_S:
                self._worker.kill()
            exit_code = self._worker.exit_code()
            if exit_code is None:
                return
            self._bury(self._worker, why_it_ended(exit_code))
        if self._budget.spend(now):
            self._worker = WorkerProcess(self._context)
            log.info("The worker process (%d) was started", self._worker.pid)
        else:
            for job in self._jobs.clear_waiting():
                self._send(job.client, Failed(job_id=job.job_id, code="crashed", text=_NO_WORKER))

    def _bury(self, worker: WorkerProcess, end: str) -> None:
        log.error("The worker process (%d) %s", worker.pid, end)
        self._read_worker()  # its last words
        worker.close()
        self._worker = None
        if job := self._jobs.finish():
            text = (
                f"The worker process {end} while it computed this job. It is being started again: "
                "try once more, with a shorter clip or fewer hypotheses if it happens again."
            )
            self._send(job.client, Failed(job_id=job.job_id, code="crashed", text=text))


_NO_WORKER = (
    "The worker process keeps ending. The server's log says why; it tries again within a minute."
)


def _clients_socket(
    context: zmq.Context[zmq.Socket[bytes]], public: bytes, secret: bytes
) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.ROUTER)
    socket.curve_server = True
    socket.curve_publickey, socket.curve_secretkey = public, secret
    socket.linger = 0
    socket.router_mandatory = True  # sending to a client that is gone raises, instead of nothing
    socket.maxmsgsize = LARGEST_MESSAGE
    socket.sndhwm = socket.rcvhwm = MOST_QUEUED_MESSAGES
    socket.bind("tcp://127.0.0.1:0")
    return socket
