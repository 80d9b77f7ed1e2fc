"""A small part of `benchmarks/fuzz.py`: damaged and forged files are refused, or read as exactly what they say."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzz():
    if not sys.platform.startswith("linux"):
        pytest.skip("limits of memory are set as Linux knows them")
    specification = importlib.util.spec_from_file_location("fuzz", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["fuzz"] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules["fuzz"]


def test_idx_files(fuzz, tmp_path):
    report = fuzz.fuzz_idx(tmp_path, cases=300, seed=1)

    assert report.defects == []
    assert report.outcomes["refused"] > 150
    assert report.outcomes["read as it is"] > 15  # a pixel may change: IDX has no checksum


def test_networks_and_checkpoints(fuzz, tmp_path):
    report = fuzz.fuzz_files(tmp_path, cases=120, seed=1)

    assert report.defects == []
    assert report.outcomes["refused"] > 80
    assert report.outcomes["forged, and consistent"] > 0


def test_what_is_wrong_is_found(fuzz):
    """The harness itself: errors of other kinds, unpickling, wasted time and other contents are defects."""
    import pickle

    report = fuzz.Report()
    fuzz.run_case(lambda: {}["missing"], "missing", report)
    fuzz.run_case(lambda: pickle.loads(b""), "pickle", report)
    fuzz.run_case(lambda: str(fuzz._too_slow(0, None)), "slow", report)
    fuzz.run_case(lambda: "DEFECT: read as something else", "other", report)
    fuzz.run_case(lambda: str(len(bytearray(10**9))), "large", report)

    assert [defect.split(":")[0] for defect in report.defects] == ["missing", "pickle", "slow", "other", "large"]
    assert [defect.split(": ")[1] for defect in report.defects] == [
        "KeyError", "UnpickledError", "TooSlowError", "read as something else", "MemoryError",
    ]  # fmt: skip
