"""A small part of `benchmarks.stress.fuzz`: damaged and forged files are refused, or read exactly as written."""

import pickle
import sys

import pytest

from benchmarks.stress import fuzz_cases
from benchmarks.stress.fuzz_files import fuzz_files
from benchmarks.stress.fuzz_idx import fuzz_idx

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory limits are set as on Linux")


def test_idx_files(tmp_path):
    report = fuzz_idx(tmp_path, cases=300, seed=1)

    assert report.defects == []
    assert report.outcomes["refused"] > 150
    assert report.outcomes["read correctly"] > 15  # a pixel may change: IDX has no checksum


def test_networks_and_checkpoints(tmp_path):
    report = fuzz_files(tmp_path, cases=120, seed=1)

    assert report.defects == []
    assert report.outcomes["refused"] > 80
    assert report.outcomes["forged but consistent"] > 0


def test_what_is_wrong_is_found():
    """The harness itself: errors of other kinds, unpickling, wasted time and other contents are defects."""
    report = fuzz_cases.Report()
    fuzz_cases.run_case(lambda: {}["missing"], "missing", report)
    fuzz_cases.run_case(lambda: pickle.loads(b""), "pickle", report)
    fuzz_cases.run_case(lambda: str(fuzz_cases._too_slow(0, None)), "slow", report)
    fuzz_cases.run_case(lambda: "DEFECT: read as something else", "other", report)
    fuzz_cases.run_case(lambda: str(len(bytearray(10**9))), "large", report)

    assert [defect.split(":")[0] for defect in report.defects] == ["missing", "pickle", "slow", "other", "large"]
    assert [defect.split(": ")[1] for defect in report.defects] == [
        "KeyError", "UnpickledError", "TooSlowError", "read as something else", "MemoryError",
    ]  # fmt: skip
