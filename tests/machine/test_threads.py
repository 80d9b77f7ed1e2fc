import os

import pytest
import torch

from control_groups import control_groups
from mnist_growth.machine import available_processors, default_threads, use_threads

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
def test_available_processors_are_limited_by_affinity_and_quota(tmp_path, monkeypatch, membership, files, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: MANY, raising=False)
    assert available_processors(*control_groups(tmp_path, membership, files)) == expected


def test_without_control_groups_the_affinity_is_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert available_processors(tmp_path, tmp_path / "nothing") == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert available_processors(tmp_path, tmp_path / "nothing") == 7


def test_the_default_is_at_most_that_of_torch_and_the_machine(monkeypatch):
    monkeypatch.setattr("mnist_growth.machine.threads.available_processors", lambda: 2)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert default_threads() == 2
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert default_threads() == 1


def test_the_number_of_threads_is_restored():
    before = torch.get_num_threads()
    with use_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
