from __future__ import annotations

from typing import Any

import pytest
from retake.server.front import jobs as jobs_module
from retake.server.front.jobs import MOST_WAITING, Job, Jobs, QueueFull

A, B = b"client a", b"client b"


def job(client: bytes, job_id: str, **fields: Any) -> Job:
    token = f"{client!r} {job_id}".encode()
    return Job(token, job_id, b"", digest=str(token), clients={client}, **fields)


def queue(*jobs: Job) -> Jobs:
    queued = Jobs()
    for one in jobs:
        queued.add(one)
    return queued


def order(jobs: Jobs) -> list[str]:
    """Runs all that is left, and lists whom somebody waited for."""
    done: list[str] = []
    while jobs.start_next(0):
        if finished := jobs.finish(jobs.running[0].token):
            done.append(finished.job_id)
    return done


def test_first_come_first_served() -> None:
    assert order(queue(job(A, "1"), job(B, "2"), job(A, "3"))) == ["1", "2", "3"]


def test_batch_jobs_let_the_others_pass() -> None:
    jobs = queue(job(A, "1", batch=True), job(A, "2", batch=True), job(B, "3"), job(B, "4"))
    assert order(jobs) == ["3", "4", "1", "2"]


def test_one_job_of_a_kind_runs_at_a_time() -> None:
    jobs = queue(job(A, "1"), job(A, "2"))
    assert jobs.start_next(0)
    assert jobs.start_next(0) is None


def test_an_interactive_job_runs_beside_a_batch_one_and_beside_detection() -> None:
    jobs = queue(job(A, "b", batch=True), job(A, "i"), job(A, "d", detects=True), job(A, "next"))
    started = [jobs.start_next(0) for _ in range(3)]
    assert {j.job_id for j in started if j} == {"b", "i", "d"}
    assert jobs.start_next(0) is None


def test_add_counts_what_stands_before() -> None:
    jobs = queue(job(A, "1"), job(A, "2", batch=True), job(A, "d", detects=True))
    jobs.start_next(0)
    assert jobs.add(job(B, "3")) == 1  # the batch job lets it pass
    assert jobs.add(job(A, "4", batch=True)) == 3


def test_clients_take_turns_however_much_one_asks_for() -> None:
    jobs = queue(*(job(A, f"a{i}") for i in range(4)), job(B, "b1"), job(B, "b2"))
    assert order(jobs) == ["a0", "b1", "a1", "b2", "a2", "a3"]


def test_who_runs_a_job_comes_after_who_has_none() -> None:
    jobs = queue(job(A, "running"))
    jobs.start_next(0)
    assert jobs.add(job(A, "a")) == 1
    assert jobs.add(job(B, "b")) == 1
    assert [(j.job_id, j.ahead) for j in jobs.moved_up()] == [("a", 2)]
    jobs.finish(jobs.running[0].token)
    assert order(jobs) == ["b", "a"]


def test_where_jobs_share_a_device_several_run() -> None:
    jobs = queue(*(job(A, str(i)) for i in range(5)), job(A, "d", detects=True))
    jobs.lanes = 3
    started = [jobs.start_next(0) for _ in range(5)]
    assert [j.job_id for j in started if j] == ["0", "1", "2", "d"]
    assert [jobs.ahead_of(j) for j in jobs.waiting] == [1, 2]
    jobs.finish(jobs.running[0].token)
    assert jobs.start_next(0)


def test_a_job_that_runs_for_too_long_is_found() -> None:
    jobs = queue(job(A, "1"), job(A, "2", batch=True))
    jobs.start_next(100)
    jobs.start_next(150)
    assert jobs.overdue(160, longest_s=60) == []
    assert [j.job_id for j in jobs.overdue(161, longest_s=60)] == ["1"]
    jobs.cancel(jobs.running[0], 161)
    assert jobs.overdue(162, longest_s=60) == []


def test_who_moves_is_told_once() -> None:
    jobs = queue(job(A, "1"), job(B, "2"), job(B, "3"))
    assert jobs.moved_up() == []
    first = jobs.start_next(0)
    assert first
    jobs.finish(first.token)
    jobs.start_next(0)
    assert [(j.job_id, j.ahead) for j in jobs.moved_up()] == [("3", 1)]
    assert jobs.moved_up() == []


def test_each_client_has_a_queue_of_bounded_length() -> None:
    jobs = queue(*(job(A, str(i)) for i in range(MOST_WAITING)))
    with pytest.raises(QueueFull):
        jobs.add(job(A, "one more"))
    jobs.add(job(B, "somebody else's"))
    jobs.start_next(0)
    jobs.add(job(A, "one more"))


def test_requests_may_take_so_many_bytes_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "MOST_WAITING_BYTES", 100)
    jobs = Jobs()
    jobs.add(Job(b"1", "1", bytes(60), "1", {A}))
    with pytest.raises(QueueFull):
        jobs.add(Job(b"2", "2", bytes(60), "2", {B}))


def test_a_waiting_job_that_is_cancelled_never_runs() -> None:
    second = job(A, "2")
    jobs = queue(job(A, "1"), second, job(A, "3"))
    jobs.cancel(second, now=0)
    assert order(jobs) == ["1", "3"]


def test_a_cancelled_running_job_holds_its_place_until_it_has_stopped() -> None:
    first = job(A, "1")
    jobs = queue(first, job(A, "2"))
    jobs.start_next(0)
    jobs.cancel(first, now=7)
    jobs.cancel(first, now=8)
    assert first.cancelled_at == 7
    assert jobs.find(A, "1") is None
    assert jobs.start_next(0) is None
    assert jobs.finish(first.token) is None
    assert order(jobs) == ["2"]


def test_ids_belong_to_their_client() -> None:
    mine, yours = job(A, "1"), job(B, "1")
    jobs = queue(mine, yours)
    assert jobs.find(A, "1") is mine
    assert jobs.find(B, "1") is yours
    assert jobs.find(B, "2") is None


def test_the_same_request_is_found_by_its_digest() -> None:
    first = job(A, "1")
    jobs = queue(first)
    assert jobs.twin(first.digest) is first
    jobs.start_next(0)
    assert jobs.twin(first.digest) is first
    jobs.cancel(first, 0)
    assert jobs.twin(first.digest) is None


def test_jobs_for_the_same_clip_of_the_same_client() -> None:
    old, other = job(A, "1", clip="shot"), job(A, "2", clip="another")
    jobs = queue(old, other, job(B, "3", clip="shot"), job(A, "4"))
    assert jobs.older(A, "shot") == [old]
    assert jobs.older(A, "") == []


def test_jobs_of_a_client_that_left_wait_for_it_for_a_while() -> None:
    mine, shared = job(A, "1"), job(A, "2")
    jobs = queue(mine, shared, job(B, "3"))
    jobs.join(shared, B)
    jobs.drop_client(A, now=10)
    assert jobs.orphans(now=20, patience_s=30) == []
    assert jobs.orphans(now=41, patience_s=30) == [mine]
    jobs.join(mine, A)
    assert jobs.orphans(now=100, patience_s=30) == []


def test_a_job_put_back_is_the_next() -> None:
    first = job(A, "1", batch=True)
    jobs = queue(first, job(A, "2", batch=True))
    jobs.start_next(0)
    jobs.put_back(first)
    assert order(jobs) == ["1", "2"]
    assert first.starts == 2
