"""Tasks of benchmarks in processes that stay alive."""

import os
import time

import pytest

from benchmarks.common.workers import Failure, run_tasks


def double(number, shared):
    """Return what the task says: twice the number, the process, an error, or nothing at all."""
    if number == "process":
        return os.getpid()
    if number == "crash":
        os._exit(3)
    if number == "lost GPU":
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    if number == "sleep":
        time.sleep(60)
    return shared * number


def run(tasks, processes=1, **options):
    return list(run_tasks(double, tasks, 2, processes, preloaded=(), **options))


def test_every_task_has_its_result():
    assert sorted(run([1, 2, 3], processes=2)) == [(1, 2), (2, 4), (3, 6)]


def test_a_process_does_several_tasks_until_it_ends_or_loses_the_gpu():
    ended = run(["process", "process", "crash", "process", "lost GPU", "process", "process"])
    first, second, crash, third, lost, fourth, fifth = (result for _, result in ended)
    assert first == second != third != fourth == fifth
    assert crash == Failure("its process ended with exit code 3")
    assert lost.reason.startswith("RuntimeError: CUDA error")


def test_an_error_is_the_result_of_its_task():
    [(_, failure)] = run([None.__class__])
    assert failure.reason.startswith("TypeError")
    assert "double" in failure.trace


def test_a_task_can_depend_on_results():
    results = []

    def tasks():
        yield 5
        while not results:
            yield None
        yield results[0]

    for _, result in run_tasks(double, tasks(), 2, 2, preloaded=()):
        results.append(result)
    assert results == [10, 20]


@pytest.mark.parametrize("processes", [1, 3])
def test_what_is_not_done_at_the_deadline_is_given_up(processes):
    began = time.monotonic()
    assert not run(["sleep"] * 4, processes, deadline=began + 2)
    assert time.monotonic() - began < 30
