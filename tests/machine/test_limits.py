import subprocess
import sys

import numpy as np
import psutil
import pytest
import torch

from control_groups import control_groups
from mnist_growth.machine import (
    AllocationMeter,
    MemoryBudget,
    gpu_memory_limit_bytes,
    is_out_of_memory,
    memory_limit_bytes,
    private_bytes,
    rss_bytes,
)

PHYSICAL = psutil.virtual_memory().total
SMALL = PHYSICAL // 3


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {}, PHYSICAL),
        ("0::/app\n", {"app/memory.max": "max"}, PHYSICAL),
        ("0::/app\n", {"app/memory.max": SMALL}, SMALL),
        ("0::/outer/inner\n", {"outer/memory.max": SMALL, "outer/inner/memory.max": "max"}, SMALL),
        ("0::/not/visible/here\n", {"memory.max": SMALL}, SMALL),
        ("4:memory:/job\n0::/\n", {"memory/job/memory.limit_in_bytes": SMALL}, SMALL),
        ("4:cpu,memory:/job\n", {"memory/job/memory.limit_in_bytes": SMALL}, SMALL),
        ("4:memory:/job\n", {"memory/job/memory.limit_in_bytes": 9223372036854771712}, PHYSICAL),
        ("4:memory:/elsewhere\n", {"memory/memory.limit_in_bytes": SMALL}, SMALL),
        ("4:cpu:/job\n", {"cpu/job/memory.limit_in_bytes": SMALL}, PHYSICAL),
    ],
)
def test_the_limit_is_the_smallest_of_physical_memory_and_control_groups(tmp_path, membership, files, expected):
    assert memory_limit_bytes(*control_groups(tmp_path, membership, files)) == expected


def test_without_control_groups_the_limit_is_the_physical_memory(tmp_path):
    assert memory_limit_bytes(tmp_path, tmp_path / "nothing") == PHYSICAL


def test_a_budget_is_a_share_of_the_limit():
    budget = MemoryBudget(0.5, torch.device("cpu"))
    assert budget.bytes == int(0.5 * memory_limit_bytes())
    assert 0 < budget.used() <= psutil.Process().memory_info().rss
    assert budget.available() == pytest.approx(budget.bytes - budget.used(), rel=0.01)
    budget.collect()
    assert gpu_memory_limit_bytes(torch.device("cpu")) == 0


def test_out_of_memory_errors_are_recognized():
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(RuntimeError) as refusal:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(refusal.value)
    assert is_out_of_memory(RuntimeError("could not create a primitive"))  # oneDNN, under a limit
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def test_the_meter_counts_existing_tensors():
    with AllocationMeter() as meter:
        first = torch.zeros(1000)  # 4,000 bytes
        second = first + 1  # 8,000
        view = second[:10]  # no more
        del first
        third = torch.zeros(500)  # 6,000
    assert meter.peak_bytes == 8000
    assert len(view) == 10
    assert len(third) == 500


def test_the_meter_does_not_import_torchs_compiler():
    """Which takes a second and 70 MB."""
    code = (
        "import sys, torch\nfrom mnist_growth.machine import AllocationMeter\n"
        "with AllocationMeter(): torch.ones(3) + 1\nprint('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_meter_counts_tensors_saved_for_backward():
    weight = torch.ones(1000, requires_grad=True)
    with AllocationMeter() as meter:
        weight.sin().exp().sum().backward()
    assert meter.peak_bytes >= 2 * 4000
    assert weight.grad is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells mapped files from memory of the process's own")
def test_pages_of_a_memory_map_are_not_private_memory(tmp_path):
    size = 100_000_000
    with (tmp_path / "file").open("wb") as file:
        file.truncate(size)
    before, resident = private_bytes(), rss_bytes()
    mapped = np.memmap(tmp_path / "file", np.uint8, "r")
    assert int(mapped[::4096].sum()) == 0
    assert rss_bytes() - resident > 0.9 * size
    assert private_bytes() - before < 0.1 * size
