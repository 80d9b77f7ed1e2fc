import os

import pytest
import torch

from control_groups import control_groups
from mnist_growth.machine import available_processors, computing_with, default_threads

MANY = set(range(16))


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {}, 16),
        ("0::/app\n", {"app/cpu.max": "max 100000"}, 16),
        ("0::/app\n", {"app/cpu.max": "200000 100000"}, 2),
        ("0::/app\n", {"app/cpu.max": "250000 100000"}, 2),
        ("0::/app\n", {"app/cpu.max": "50000 100000"}, 1),
        ("0::/app\n", {"app/cpu.max": "nonsense"}, 16),
        ("0::/outer/inner\n", {"outer/cpu.max": "300000 100000", "outer/inner/cpu.max": "max 100000"}, 3),
        ("4:cpu,cpuacct:/job\n", {"cpu/job/cpu.cfs_quota_us": 400000, "cpu/job/cpu.cfs_period_us": 100000}, 4),
        ("4:cpu,cpuacct:/job\n", {"cpu/job/cpu.cfs_quota_us": -1, "cpu/job/cpu.cfs_period_us": 100000}, 16),
        ("4:memory:/job\n", {"memory/job/cpu.cfs_quota_us": 400000, "memory/job/cpu.cfs_period_us": 100000}, 16),
    ],
)
def test_processors_are_those_of_the_affinity_that_the_quota_pays_for(
    tmp_path, monkeypatch, membership, files, expected
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: MANY, raising=False)
    assert available_processors(*control_groups(tmp_path, membership, files)) == expected


def test_without_control_groups_the_affinity_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert available_processors(tmp_path, tmp_path / "nothing") == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert available_processors(tmp_path, tmp_path / "nothing") == 7


def test_the_default_is_no_more_than_torch_or_the_machine_would_take(monkeypatch):
    monkeypatch.setattr("mnist_growth.machine.threads.available_processors", lambda: 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert default_threads() == 2
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert default_threads() == 1


def test_afterwards_as_many_threads_compute_as_before():
    before = torch.get_num_threads()
    with computing_with(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
