import gc
import json
import subprocess
import sys
from dataclasses import fields
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.io.core import Version
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner
from kedro_datasets.json import JSONDataset
from kedro_viz.integrations.kedro.hooks_utils import is_default_run

from mnist_growth.hooks import (
    FactsHooks,
    MemoryHooks,
    ParameterHooks,
    StatusHooks,
    TrackingHooks,
    VersionHooks,
    git_commit,
)
from mnist_growth.hooks import record as hooks
from mnist_growth.hooks.monitor import TrackingMonitor
from mnist_growth.machine import rss_bytes
from mnist_growth.tracking import Status
from mnist_growth.training import EpochRecord, GrowthEvent

OLD, OURS, OTHERS = "2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z", "2026-01-03T00.00.00.000Z"
RUN = {"load_versions": None, "runtime_params": None}


def numbers(folder, name, load=None, save=OURS):
    return JSONDataset(filepath=str(folder / f"{name}.json"), version=Version(load, save))


def zero(*_inputs):
    return 0


def no_such_program(*_arguments, **_options):
    raise FileNotFoundError(2, "No such file or directory", "git")


@pytest.fixture
def catalog(tmp_path):
    return DataCatalog(
        {
            "start": MemoryDataset(1),
            "made": numbers(tmp_path, "made"),
            "given": numbers(tmp_path, "given"),
            "network": numbers(tmp_path, "network"),
        }
    )


@pytest.fixture
def version_hooks(catalog):
    made = VersionHooks()
    made.before_pipeline_run(RUN, Pipeline([Node(zero, "start", "made")]), catalog)
    return made


def test_a_run_loads_what_it_has_saved_although_another_run_saved_later(catalog, version_hooks, tmp_path):
    numbers(tmp_path, "made", save=OLD).save(0)
    catalog.save("made", 1)
    numbers(tmp_path, "made", save=OTHERS).save(2)

    assert catalog.load("made") == 1
    assert numbers(tmp_path, "made").load() == 2


def test_a_run_loads_the_newest_version_of_what_it_does_not_make(catalog, version_hooks, tmp_path):
    numbers(tmp_path, "given", save=OLD).save(0)
    numbers(tmp_path, "given", save=OTHERS).save(2)

    assert catalog.load("given") == 2


def test_digits_of_a_given_version_are_loaded_with_their_own_manifest(catalog, tmp_path):
    for version in (OLD, OTHERS):
        numbers(tmp_path, "data_manifest", save=version).save(version)
    catalog["data_manifest"] = numbers(tmp_path, "data_manifest")
    pipeline = Pipeline([Node(zero, ["test_digits", "data_manifest"], "made")])

    VersionHooks().before_pipeline_run(RUN | {"load_versions": {"test_digits": OLD}}, pipeline, catalog)
    assert catalog.load("data_manifest") == OLD

    both = {"test_digits": OLD, "data_manifest": OTHERS}
    catalog["data_manifest"] = numbers(tmp_path, "data_manifest", load=OTHERS)
    VersionHooks().before_pipeline_run(RUN | {"load_versions": both}, pipeline, catalog)
    assert catalog.load("data_manifest") == OTHERS


def baseline_of(catalog, tmp_path, versions, load=None, load_versions=None):
    """The version of the baseline that a run loads which asks for these versions."""
    for version in versions:
        numbers(tmp_path, "network", save=version).save(version)
    catalog["network"] = numbers(tmp_path, "network", load=load)
    catalog["baseline_network"] = numbers(tmp_path, "network")
    pipeline = Pipeline([Node(zero, ["network", "baseline_network"], "made")])
    VersionHooks().before_pipeline_run(RUN | {"load_versions": load_versions}, pipeline, catalog)
    return catalog.load("baseline_network")


def test_a_network_is_compared_with_the_one_before(catalog, tmp_path):
    assert baseline_of(catalog, tmp_path, [OLD, OURS, OTHERS]) == OURS


def test_a_network_of_a_given_version_is_compared_with_the_one_before_it(catalog, tmp_path):
    assert baseline_of(catalog, tmp_path, [OLD, OURS, OTHERS], OURS, {"network": OURS}) == OLD


def test_a_network_without_predecessor_is_refused(catalog, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"^There is no version before {OLD} .*baseline_network:<version>"):
        baseline_of(catalog, tmp_path, [OLD])


@pytest.mark.parametrize("end", ["error", "interruption"])
def test_a_version_that_is_not_saved_to_its_end_is_removed(catalog, version_hooks, tmp_path, end):
    numbers(tmp_path, "made", save=OLD).save(0)
    version_hooks.before_dataset_saved("made")
    half = Path(catalog.get("made")._get_save_path())
    half.parent.mkdir(parents=True)
    half.write_text('{"half": ')
    error = OSError(28, "No space left on device")

    if end == "error":
        version_hooks.on_pipeline_error(error)
        assert error.__notes__ == [f"Cannot save {tmp_path}/made.json"]
    else:
        version_hooks.interrupted("stopped by Ctrl-C")

    assert [path.name for path in tmp_path.iterdir()] == ["made.json"]
    assert [path.name for path in (tmp_path / "made.json").iterdir()] == [OLD]
    assert numbers(tmp_path, "made").load() == 0


def test_what_a_killed_run_has_written_of_a_version_is_never_loaded_and_removed_by_the_next(catalog, tmp_path):
    data = tmp_path / "data"
    numbers(data, "made", save=OLD).save(0)
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_SAVING, data], check=False)
    assert killed.returncode == -9
    assert len(list(data.glob(".made.json.*.tmp/*/*/made.json"))) == 1

    assert numbers(data, "made").load() == 0
    VersionHooks().after_context_created(SimpleNamespace(project_path=tmp_path))

    assert sorted(path.name for path in data.rglob("*")) == [OLD, "made.json", "made.json"]


KILLED_WHILE_SAVING = f"""
import os, sys
from kedro.io.core import Version
from kedro_datasets.json import JSONDataset
from mnist_growth.datasets import WholeVersion
dataset = JSONDataset(filepath=sys.argv[1] + "/made.json", version=Version(None, "{OURS}"))
version = WholeVersion(dataset)
dataset.save("half")
os.kill(os.getpid(), 9)
"""


def test_two_runs_that_save_the_same_version_do_not_mix(catalog, version_hooks, tmp_path):
    version_hooks.before_dataset_saved("made")
    catalog.save("made", 1)
    numbers(tmp_path, "made", save=OURS).save(2)  # another run, at the same millisecond

    with pytest.raises(OSError, match="not empty") as refusal:
        version_hooks.after_dataset_saved("made")
    version_hooks.on_pipeline_error(refusal.value)

    assert catalog.load("made") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["made.json"]


def test_a_version_that_was_saved_stays_when_the_run_fails_later(catalog, version_hooks):
    for name in ("start", "made"):
        version_hooks.before_dataset_saved(name)
        catalog.save(name, 1)
        version_hooks.after_dataset_saved(name)
    error = ValueError("later")

    version_hooks.on_pipeline_error(error)

    assert catalog.load("made") == 1
    assert not hasattr(error, "__notes__")


def test_wrong_parameters_stop_a_run_before_it_begins():
    context = SimpleNamespace(config_loader={"parameters": {"trainng": {"epochs": 3}}})

    with pytest.raises(ValueError, match="there is no parameter 'trainng'"):
        ParameterHooks().after_context_created(context)


@pytest.mark.parametrize("asked_for", ["sample", "kmnist", None])
def test_digits_of_another_set_than_asked_for_stop_a_run(asked_for):
    catalog = DataCatalog(
        {
            "test_digits": MemoryDataset(SimpleNamespace(dataset="sample")),
            "data_manifest": MemoryDataset({"dataset": "sample", "requested": "sample"}),
        }
    )
    pipeline = Pipeline([Node(zero, "test_digits", "metrics")])
    runtime_params = None if asked_for is None else {"dataset": asked_for}

    def start():
        ParameterHooks().before_pipeline_run({"runtime_params": runtime_params}, pipeline, catalog)

    if asked_for == "kmnist":
        with pytest.raises(ValueError, match="dataset is 'kmnist', but the digits ingested last are 'sample'"):
            start()
    else:
        start()


class Tracker:
    """Keeps what it is told."""

    def __init__(self):
        self.run_id = "run 1"
        self.told = []

    def __getattr__(self, name):
        return lambda *arguments, **options: self.told.append((name, *arguments, *options.items()))


def test_epochs_and_growths_reach_the_tracked_run():
    tracker = Tracker()
    monitor = TrackingMonitor(tracker)
    values = {field.name: 0 for field in fields(EpochRecord)}
    record = EpochRecord(**values | {"epoch": 3, "widths": "96-128", "validation_accuracy": 0.25})
    event = GrowthEvent(
        epoch=3, operator="zero_fan_out", trigger="schedule", layers=(1,), widths_before=(64,), widths_after=(128,),
        parameters_before=5, parameters_after=10, largest_logit_change=0.0, largest_logit=1.0, gradient_gains=(0.5,),
    )  # fmt: skip

    monitor.grew(event)
    monitor.epoch(record)

    assert monitor.run_id == "run 1"
    assert monitor.should_stop() is False
    (tags, growth), (method, row) = tracker.told
    assert (tags, method) == ("log_tags", "log_epoch")
    assert "zero_fan_out" in growth["growth.epoch_0003"]
    assert (row["epoch"], row["width"], row["validation_accuracy"]) == (3, 128, 0.25)


def test_what_is_saved_is_tracked_with_its_version(catalog, tmp_path):
    tracking = TrackingHooks()
    tracking.tracker, tracking.catalog = Tracker(), catalog
    catalog["test_metrics"] = numbers(tmp_path, "test_metrics")
    pipeline = Pipeline([Node(lambda start: {"accuracy": start / 2}, "start", "test_metrics")])

    SequentialRunner().run(pipeline, catalog)
    tracking.after_dataset_saved("test_metrics", {"accuracy": 0.5})
    tracking.after_dataset_saved("start", 1)

    assert tracking.tracker.told == [
        ("log_tags", {"version.test_metrics": OURS}),
        ("log_metrics", {"accuracy": 0.5}, ("prefix", "test_")),
        ("log_dict", "test_metrics", {"accuracy": 0.5}),
    ]
    assert json.loads((tmp_path / "test_metrics.json" / OURS / "test_metrics.json").read_text()) == {"accuracy": 0.5}


@pytest.mark.parametrize(
    ("end", "status", "reason"),
    [
        (lambda tracking: tracking.on_pipeline_error(ValueError("two\n lines")), Status.FAILED, "two lines"),
        (lambda tracking: tracking.interrupted("stopped by Ctrl-C"), Status.KILLED, "stopped by Ctrl-C"),
    ],
)
def test_a_run_that_does_not_finish_is_closed_with_the_reason(end, status, reason):
    tracking = TrackingHooks()
    tracking.tracker = Tracker()

    end(tracking)

    assert tracking.tracker.told == [("end", status, ("reason", reason))]


def test_the_commit_says_whether_files_have_changed_since(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ("-c", "user.name=x", "-c", "user.email=x@x")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) == "none"
    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "first")
    clean = git_commit(tmp_path)
    (tmp_path / "file").write_text("two")

    assert len(clean) == 40
    assert git_commit(tmp_path) == f"{clean}+"


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(hooks.subprocess, "run", no_such_program)

    assert git_commit(tmp_path) == "none"


def test_between_nodes_memory_that_was_freed_goes_back_to_the_system():
    class Half:
        """Holds itself, so that only a search for garbage finds it."""

        def __init__(self):
            self.memory, self.self = bytearray(b"1") * 100_000_000, self

    hooks = MemoryHooks()
    hooks.before_pipeline_run()
    Half()
    held = rss_bytes()
    hooks.after_node_run()
    hooks.after_pipeline_run()

    assert held - rss_bytes() > 90_000_000
    assert gc.get_freeze_count() == 0


def test_the_facts_of_a_run_reach_a_pipeline_that_wants_them_and_no_other(catalog, tmp_path):
    numbers(tmp_path, "given", save=OLD).save(3)
    facts = FactsHooks()
    facts.after_context_created(SimpleNamespace(project_path=tmp_path, config_loader={"parameters": {"device": "cpu"}}))
    run = {"run_id": OURS, "pipeline_names": None, "env": None}
    facts.before_pipeline_run(run, Pipeline([Node(zero, "given", "made")]), catalog)
    assert "run_facts" not in catalog

    facts.before_pipeline_run(run, Pipeline([Node(zero, ["given", "run_facts"], "made")]), catalog)
    found = catalog.load("run_facts")
    assert found.run == {"began": OURS, "pipeline": "__default__", "environment": "local", "commit": "none"}
    assert found.machine["device"] == "cpu"
    assert found.versions == {"given": OLD}  # nothing has been made yet
    assert found.software["kedro"] == metadata.version("kedro")


@pytest.mark.parametrize(
    ("names", "is_whole"), [(None, True), (["__default__"], True), (["analyse"], False), (["ingest", "train"], False)]
)
def test_only_a_whole_run_has_a_status_in_kedro_viz(names, is_whole):
    run = {"pipeline_names": names}
    StatusHooks().before_pipeline_run(run)
    assert is_default_run(run) is is_whole
