"""Sums over processes in shared memory."""

import mmap
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mnist_growth.machine import ProcessLostError, shared_sums
from mnist_growth.machine.shared_sums import SharedSums, can_share
from process_groups import in_processes

pytestmark = pytest.mark.skipif(not can_share(), reason="needs Linux on x86_64")

SMALL_HALF = 4096


@pytest.fixture(autouse=True)
def small_halves(monkeypatch):
    monkeypatch.setattr(shared_sums, "HALF_BYTES", SMALL_HALF)


@pytest.fixture
def members():
    """Three members of a group that all live in this process."""
    parts = [mmap.mmap(-1, shared_sums.part_bytes()) for _ in range(3)]
    joined = [
        SharedSums(rank, parts, {other: os.pidfd_open(os.getpid()) for other in range(3) if other != rank}, 0.1)
        for rank in range(3)
    ]
    yield joined
    for member in joined:
        member.leave()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64])
def test_tensors_are_added_in_the_order_of_ranks(members, dtype):
    values = [(100 * torch.randn(3, 5)).to(dtype) for _ in members]
    tensors = [value.clone() for value in values]
    pending = [member.start(tensor) for member, tensor in zip(members, tensors, strict=True)]
    for sum_ in reversed(pending):
        sum_.wait()
    for tensor in tensors:
        assert torch.equal(tensor, values[0] + values[1] + values[2])


def test_sums_may_overlap_and_end_in_any_order(members):
    numbers = (0, 1, 2)
    tensors = [[torch.full((size,), float(10**number)) for number in numbers] for size in (1, 100, 7)]
    pending = [[member.start(tensors[number][rank]) for rank, member in enumerate(members)] for number in range(3)]
    for number in (2, 0, 1):
        for sum_ in pending[number]:
            sum_.wait()
    assert all((tensor == 111).all() for sizes in tensors for tensor in sizes)


def test_a_tensor_that_is_not_contiguous_is_summed(members):
    tensors = [torch.arange(6.0).view(2, 3).t() for _ in members]
    pending = [member.start(tensor) for member, tensor in zip(members, tensors, strict=True)]
    for sum_ in pending:
        sum_.wait()
    assert torch.equal(tensors[1], 3 * torch.arange(6.0).view(2, 3).t())


def test_what_is_summed_at_the_same_time_shares_one_half(members):
    member, half = members[0], torch.empty(SMALL_HALF // 2, dtype=torch.uint8)
    assert member.fits(torch.empty(SMALL_HALF, dtype=torch.uint8))
    assert not member.fits(torch.empty(SMALL_HALF + 1, dtype=torch.uint8))
    pending = [each.start(half.clone()) for each in members]
    assert member.fits(half)
    assert not member.fits(torch.empty(SMALL_HALF // 2 + 1, dtype=torch.uint8))
    for sum_ in pending:
        sum_.wait()
    assert member.fits(torch.empty(SMALL_HALF, dtype=torch.uint8))


def test_one_process_may_be_a_sum_ahead_of_another(members):
    """The first process begins the next sum while the others still read the tensor of the one before."""
    first, *others = members
    tensors = [torch.full((9,), 1.0) for _ in members]
    pending = [member.start(tensor) for member, tensor in zip(members, tensors, strict=True)]
    pending[0].wait()
    first.start(torch.full((9,), 50.0))
    for sum_ in pending[1:]:
        sum_.wait()
    assert len(others) == 2
    assert all((tensor == 3).all() for tensor in tensors)


def test_a_process_that_does_not_answer_is_lost_after_the_time_out(members):
    pending = members[0].start(torch.ones(3))
    with pytest.raises(ProcessLostError, match=r"Process 1 of the training has not answered for 0\.1 s"):
        pending.wait()


def test_a_process_that_has_ended_is_lost_at_once(members):
    child = subprocess.Popen([sys.executable, "-c", ""])
    members[0]._processes[1] = os.pidfd_open(child.pid)
    members[0].timeout_seconds = 60.0
    began = time.monotonic()
    with pytest.raises(ProcessLostError, match="Process 1 of the training has ended"):
        members[0].start(torch.ones(3)).wait()
    child.wait()
    assert time.monotonic() - began < 30


def test_a_process_that_ended_after_it_had_written_is_not_missed(members):
    child = subprocess.Popen([sys.executable, "-c", ""])
    descriptor = os.pidfd_open(child.pid)
    child.wait()
    members[0]._processes[1] = descriptor
    pending = [member.start(torch.ones(3)) for member in members]
    pending[0].wait()


def test_hundreds_of_sums_of_processes_of_different_speed_are_right():
    for errors in in_processes(_many_sums, 3):
        assert errors == 0


def _many_sums(group):
    order = torch.Generator().manual_seed(0)  # the same in all processes
    pause = torch.Generator().manual_seed(group.rank)
    errors, waiting = 0, []
    for number in range(500):
        size = int(torch.randint(1, 60_000, (), generator=order))
        tensor = torch.full((size,), float(number * (group.rank + 1)))
        waiting.append((group.start_sum(tensor), tensor, 6 * number))
        if torch.rand((), generator=order) < 0.5:
            for pending, summed, expected in waiting:
                pending.wait()
                errors += int((summed != expected).any())
            waiting = []
        if torch.rand((), generator=pause) < 0.02:
            time.sleep(1e-3)
    assert group._shared is not None
    return errors


def test_what_does_not_fit_is_summed_by_gloo():
    assert in_processes(_too_large, 2) == [[2.0, 2.0]] * 2


def _too_large(group):
    shared_sums.HALF_BYTES = SMALL_HALF
    group._shared.leave()
    group._shared = SharedSums.join(group.rank, group.gather, 60.0)
    small, large = torch.ones(SMALL_HALF // 8), torch.ones(SMALL_HALF)
    pending = [group.start_sum(tensor) for tensor in (small, large)]
    for each in pending:
        each.wait()
    return [float(small.mean()), float(large.mean())]


def test_if_one_process_cannot_share_memory_none_does_and_nothing_stays_open():
    assert in_processes(_refused, 2) == [(None, 0)] * 2


def _refused(group):
    before = len(list(Path("/proc/self/fd").iterdir()))
    if group.rank == 1:
        shared_sums.can_share = lambda: False
    joined = SharedSums.join(group.rank, group.gather, 60.0)
    return joined, len(list(Path("/proc/self/fd").iterdir())) - before


def test_several_machines_share_no_memory():
    assert in_processes(_shares, 2, shares_memory=False) == [False, False]
    assert in_processes(_shares, 2) == [True, True]


def _shares(group):
    return group._shared is not None
