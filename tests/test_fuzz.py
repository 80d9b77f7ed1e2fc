"""A small part of `benchmarks/fuzz.py`: damaged and forged files are refused, or read as exactly what they say."""

import importlib
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def script():
    """Gives a module of the benchmarks by its name."""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits of memory are set as Linux knows them")
    before = set(sys.modules)
    sys.path.insert(0, str(SCRIPTS))
    yield importlib.import_module
    sys.path.remove(str(SCRIPTS))
    for name in set(sys.modules) - before:
        if (SCRIPTS / f"{name}.py").exists():
            del sys.modules[name]


def test_idx_files(script, tmp_path):
    report = script("fuzz_idx").fuzz_idx(tmp_path, cases=300, seed=1)

    assert report.defects == []
    assert report.outcomes["refused"] > 150
    assert report.outcomes["read as it is"] > 15  # a pixel may change: IDX has no checksum


def test_networks_and_checkpoints(script, tmp_path):
    report = script("fuzz_files").fuzz_files(tmp_path, cases=120, seed=1)

    assert report.defects == []
    assert report.outcomes["refused"] > 80
    assert report.outcomes["forged, and consistent"] > 0


def test_what_is_wrong_is_found(script):
    """The harness itself: errors of other kinds, unpickling, wasted time and other contents are defects."""
    import pickle

    cases = script("fuzz_cases")
    report = cases.Report()
    cases.run_case(lambda: {}["missing"], "missing", report)
    cases.run_case(lambda: pickle.loads(b""), "pickle", report)
    cases.run_case(lambda: str(cases._too_slow(0, None)), "slow", report)
    cases.run_case(lambda: "DEFECT: read as something else", "other", report)
    cases.run_case(lambda: str(len(bytearray(10**9))), "large", report)

    assert [defect.split(":")[0] for defect in report.defects] == ["missing", "pickle", "slow", "other", "large"]
    assert [defect.split(": ")[1] for defect in report.defects] == [
        "KeyError", "UnpickledError", "TooSlowError", "read as something else", "MemoryError",
    ]  # fmt: skip
