"""What benchmarks write: the numbers, and everything that they have to be read with."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from benchmarks.common import artifacts, circumstances, results
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.paths import PROJECT, RESULTS
from benchmarks.speed import overhead
from benchmarks.stress.larger_than_memory import peaks
from mnist_growth.pipeline_registry import register_pipelines


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes results into a temporary folder and gives what was written."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)

    def write(findings, **options):
        found = Circumstances.now(quick=True)
        path = results.write_results("kill", found, findings, n=3, quick=False, **options)
        assert path == tmp_path / "kill.json"
        return json.loads(path.read_text())

    return write


@pytest.fixture
def repository(tmp_path):
    """A Git repository with one commit."""

    def git(*arguments):
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        done = subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init")
    (tmp_path / "code.py").write_text("1")
    git("add", ".")
    git("commit", "-m", "First")
    return tmp_path, git("rev-parse", "HEAD")


def test_results_carry_commit_hardware_versions_load_command_and_n(written, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kill.py", "--kills", "3"])
    monkeypatch.setattr(circumstances.os, "getloadavg", lambda: (1.5, 0.0, 0.0))

    found = written({"outcomes": {"byte-equal": 3}})

    assert found["outcomes"] == {"byte-equal": 3}
    assert found["n"] == 3
    assert found["load"] == 1.5
    assert found["command"].endswith(" --kills 3")
    assert (found["commit"], found["clean"]) == circumstances.code_version(PROJECT)
    assert found["hardware"]["matmul_gflops"] > 0
    assert found["hardware"]["logical_cpus"] >= 1
    assert found["hardware"]["instruction_sets"]
    assert found["hardware"]["versions"]["torch"]


def test_an_entry_leaves_the_other_entries_of_a_file(written):
    written({"accuracy": 0.9}, entry="--env local")
    found = written({"accuracy": 0.8}, entry="--env smoke")

    assert {key: entry["accuracy"] for key, entry in found.items()} == {"--env local": 0.9, "--env smoke": 0.8}
    assert all(entry["n"] == 3 for entry in found.values())


def test_a_finding_cannot_replace_a_circumstance(written):
    with pytest.raises(ValueError, match="contain load"):
        written({"load": 3})


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_saved_result_says_how_it_was_measured(path):
    for entry in results.entries(json.loads(path.read_text("utf-8"))).values():
        results.check_facts(entry)


@pytest.mark.parametrize("fact", [*results.FACTS, *results.HARDWARE_FACTS])
def test_a_result_without_a_fact_is_refused(written, fact):
    entry = {**written({"accuracy": 0.9}), "commit": "0" * 40, "clean": False}
    results.check_facts(entry)
    part, name = (entry["hardware"], f"hardware.{fact}") if fact in results.HARDWARE_FACTS else (entry, fact)
    del part[fact]
    with pytest.raises(ValueError, match=rf"The results lack {name}\b.*: repeat the benchmark"):
        results.check_facts(entry)


@pytest.mark.parametrize("fact", ["command", "commit", "clean", "load"])
def test_only_old_results_may_not_have_recorded_a_fact(written, fact):
    entry = {**written({"accuracy": 0.9}), "commit": "0" * 40, "clean": True, fact: None}
    results.check_facts({**entry, "date": "2026-11-25"})
    with pytest.raises(ValueError, match=f"The results lack {fact}"):
        results.check_facts({**entry, "date": "2026-11-26"})


def test_the_command_can_be_repeated(tmp_path, monkeypatch):
    (tmp_path / "tiny.py").write_text("from benchmarks.common.circumstances import command\nprint(command())")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), str(PROJECT / "src")]))
    arguments = ["-m", "tiny", "--params", "a b"]
    done = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout == "python -m tiny --params 'a b'\n"


def test_a_changed_or_new_file_makes_the_tree_unclean_but_results_do_not(repository):
    folder, commit = repository
    assert circumstances.code_version(folder) == (commit, True)
    (folder / "benchmarks/results").mkdir(parents=True)
    (folder / "benchmarks/results/kill.json").write_text("{}")
    assert circumstances.code_version(folder) == (commit, True)
    (folder / "README.md").write_text("written by benchmarks too")
    assert circumstances.code_version(folder) == (commit, True)
    (folder / "new.py").write_text("1")
    assert circumstances.code_version(folder) == (commit, False)
    (folder / "new.py").unlink()
    (folder / "code.py").write_text("2")
    assert circumstances.code_version(folder) == (commit, False)


def test_without_git_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert circumstances.code_version(PROJECT) == (None, None)


def test_the_newest_version_of_a_file_is_found_in_any_layer(tmp_path):
    for version in ("2026-01-02T00.00.00.000Z", "2026-01-01T00.00.00.000Z"):
        path = tmp_path / "data/08_reporting/test_metrics.json" / version / "test_metrics.json"
        path.parent.mkdir(parents=True)
        path.write_text(version)

    assert artifacts.newest("test_metrics.json", tmp_path).read_text() == "2026-01-02T00.00.00.000Z"
    with pytest.raises(SystemExit, match=r"There is no split\.parquet"):
        artifacts.newest("split.parquet", tmp_path)


def test_the_memory_of_a_limited_run_is_what_it_printed_last():
    errors = "private: 1000 kB resident: 2000 kB\nprivate: 500000 kB resident: 600000 kB\n"

    assert peaks(errors) == {"private_mb": 512.0, "peak_rss_mb": 614.4}
    assert peaks("Killed") == {}


def test_validation_is_measured_on_as_many_digits_as_the_run_held_out(monkeypatch):
    scored = []
    monkeypatch.setattr(overhead, "score", lambda _network, images, *_: scored.append(len(images)))

    seconds = overhead.validation_seconds(pd.DataFrame({"widths": ["4-4", "4-4", "8-8"]}), 30)

    assert scored == [30] * 4  # each of the two networks once to warm up and once for the clock
    assert seconds >= 0


LOG = """\
2026-11-26 10:00:00,000 INFO kedro.pipeline.node: Running node: split_digits: split_digits([train_digits]) -> [split]
2026-11-26 10:00:01,500 INFO kedro.io.data_catalog: Saving data to split...
2026-11-26 10:00:01,600 INFO kedro.runner.sequential_runner: Completed node: preprocess.split_digits
2026-11-26 10:00:02,000 INFO kedro.pipeline.node: Running node: train_network: train_network([split]) -> [network]
2026-11-26 10:00:12,000 INFO kedro.io.data_catalog: Saving data to network...
2026-11-26 10:00:12,500 INFO kedro.io.data_catalog: Saving data to training_history...
2026-11-26 10:00:13,000 INFO kedro.runner.sequential_runner: Completed node: train.train_network
"""


def test_the_time_of_each_node_is_read_from_the_log():
    times = {name: (end - begin).total_seconds() for name, (begin, end) in overhead.node_times(LOG).items()}
    assert times == {"split_digits": 1.5, overhead.NODE: 10.0}
    names = [node.name.rpartition(".")[2] for node in register_pipelines()["__default__"].nodes]
    assert names.count(overhead.NODE) == 1
