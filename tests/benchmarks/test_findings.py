"""What the checks of dependability leave behind."""

import json
import sys

import pandas as pd

from benchmarks.common import tables
from benchmarks.speed import overhead
from benchmarks.stress.larger_than_memory import peaks


def test_findings_are_written_with_what_they_were_found_on(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmarks/kill.py", "--kills", "3"])

    path = tables.keep_findings("kill", {"outcomes": {"byte-equal": 3}})

    found = json.loads(path.read_text())
    assert path == tmp_path / "kill.json"
    assert found["outcomes"] == {"byte-equal": 3}
    assert found["command"] == "benchmarks/kill.py --kills 3"
    assert found["commit"] == tables.git_commit(tables.PROJECT)
    assert found["hardware"]["matmul_gflops"] > 0
    assert found["hardware"]["versions"]["torch"]


def test_without_git_the_commit_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert tables.git_commit(tables.PROJECT) == "none"


def test_the_memory_of_a_limited_run_is_what_it_said_last():
    errors = "private: 1000 kB resident: 2000 kB\nprivate: 500000 kB resident: 600000 kB\n"

    assert peaks(errors) == {"private_mb": 512.0, "peak_rss_mb": 614.4}
    assert peaks("Killed") == {}


def test_validation_is_measured_on_as_many_digits_as_the_run_held_out(monkeypatch):
    scored = []
    monkeypatch.setattr(overhead, "score", lambda _network, images, *_: scored.append(len(images)))

    seconds = overhead.validation_seconds(pd.DataFrame({"widths": ["4-4", "4-4", "8-8"]}), 30)

    assert scored == [30] * 4  # each of the two networks once to warm up and once for the clock
    assert seconds >= 0
