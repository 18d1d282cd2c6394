from __future__ import annotations

import pytest
from retake.server.jobs import MOST_WAITING, Job, Jobs, QueueFull

A, B = b"client a", b"client b"


def queue(*jobs: tuple[bytes, str]) -> Jobs:
    queued = Jobs()
    for client, job_id in jobs:
        queued.add(Job(client, job_id, b""))
    return queued


def order(jobs: Jobs) -> list[str]:
    """Runs all that is left, and lists whom somebody waited for."""
    done: list[str] = []
    while jobs.start_next():
        if job := jobs.finish():
            done.append(job.job_id)
    return done


def test_first_come_first_served() -> None:
    assert order(queue((A, "1"), (B, "2"), (A, "3"))) == ["1", "2", "3"]


def test_one_job_runs_at_a_time() -> None:
    jobs = queue((A, "1"), (A, "2"))
    assert jobs.start_next()
    assert jobs.start_next() is None


def test_add_counts_all_that_stand_before() -> None:
    jobs = queue((A, "1"), (A, "2"))
    jobs.start_next()
    assert jobs.add(Job(B, "3", b"")) == 2


def test_the_queue_is_bounded() -> None:
    jobs = queue(*((A, str(i)) for i in range(MOST_WAITING)))
    with pytest.raises(QueueFull):
        jobs.add(Job(B, "one more", b""))
    jobs.start_next()
    jobs.add(Job(B, "one more", b""))


def test_a_waiting_job_that_is_cancelled_never_runs() -> None:
    jobs = queue((A, "1"), (A, "2"), (A, "3"))
    assert jobs.cancel(A, "2", now=0)
    assert order(jobs) == ["1", "3"]


def test_a_cancelled_running_job_holds_its_place_until_it_has_stopped() -> None:
    jobs = queue((A, "1"), (A, "2"))
    jobs.start_next()
    assert jobs.cancel(A, "1", now=7)
    assert jobs.cancelled_at == 7
    assert jobs.audience() is None
    assert jobs.start_next() is None
    assert jobs.finish() is None
    assert jobs.cancelled_at is None
    assert order(jobs) == ["2"]


def test_nobody_cancels_the_job_of_another_client() -> None:
    jobs = queue((A, "1"), (B, "1"))
    jobs.start_next()
    assert not jobs.cancel(B, "2", now=0)
    assert jobs.cancel(B, "1", now=0)
    assert jobs.audience() == Job(A, "1", b"")


def test_a_job_is_cancelled_once() -> None:
    jobs = queue((A, "1"))
    jobs.start_next()
    assert jobs.cancel(A, "1", now=1)
    assert not jobs.cancel(A, "1", now=2)
    assert not jobs.knows(A, "1")


def test_all_jobs_of_a_client_that_left_are_dropped() -> None:
    jobs = queue((A, "1"), (A, "2"), (B, "3"))
    jobs.start_next()
    jobs.drop_client(A, now=0)
    assert jobs.finish() is None
    assert order(jobs) == ["3"]
