import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from kedro.io import Version
from kedro.pipeline import Node, Pipeline
from versioned import OLD, OTHERS, OURS, RUN, numbers, zero

from mnist_growth.datasets import DriftReferenceDataset, NetworkDataset
from mnist_growth.drift import FEATURES, DriftReference
from mnist_growth.hooks import VersionHooks
from mnist_growth.network import GrowingMLP, TrainedNetwork


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


def network(seed):
    made = GrowingMLP((3,), generator=torch.Generator().manual_seed(seed)).eval()
    return TrainedNetwork(made, "sample", "f" * 64, epochs=1)


def versions_in(folder, kind, name):
    """A dataset whose versions OLD and OTHERS belong to two networks."""
    return kind(filepath=str(folder / name), version=Version(None, None))


@pytest.fixture
def two_networks(catalog, tmp_path):
    """A catalog with an older and a newer network, each with its drift reference."""
    for seed, version in enumerate((OLD, OTHERS)):
        NetworkDataset(filepath=str(tmp_path / "network"), version=Version(None, version)).save(network(seed))
        empty = {name: np.zeros(3) for name in FEATURES}
        reference = DriftReference.of(empty, 2, 10, network(seed).sha256, "sample")
        DriftReferenceDataset(filepath=str(tmp_path / "drift.json"), version=Version(None, version)).save(reference)
    catalog["drift_reference"] = versions_in(tmp_path, DriftReferenceDataset, "drift.json")
    return catalog


@pytest.mark.parametrize(("version", "seed"), [(OLD, 0), (OTHERS, 1), (None, 1)])
def test_a_run_with_an_older_network_loads_the_drift_reference_of_that_network(two_networks, tmp_path, version, seed):
    two_networks["network"] = NetworkDataset(filepath=str(tmp_path / "network"), version=Version(version, None))
    pipeline = Pipeline([Node(zero, ["network", "drift_reference"], "made")])
    VersionHooks().before_pipeline_run(RUN, pipeline, two_networks)
    assert two_networks.load("drift_reference").network_sha256 == network(seed).sha256


def test_a_network_without_a_drift_reference_of_its_own_is_refused(two_networks, tmp_path):
    NetworkDataset(filepath=str(tmp_path / "network"), version=Version(OURS, OURS)).save(network(2))
    two_networks["network"] = NetworkDataset(filepath=str(tmp_path / "network"), version=Version(OURS, None))
    pipeline = Pipeline([Node(zero, ["network", "drift_reference"], "made")])
    command = f"kedro run --pipeline drift_reference --load-versions network:{OURS}"
    with pytest.raises(FileNotFoundError, match=f"^No drift reference belongs to the network {OURS}: .*`{command}`"):
        VersionHooks().before_pipeline_run(RUN, pipeline, two_networks)


def test_a_version_that_the_user_names_is_loaded_whatever_the_network(two_networks, tmp_path):
    two_networks["network"] = NetworkDataset(filepath=str(tmp_path / "network"), version=Version(OTHERS, None))
    two_networks["drift_reference"] = DriftReferenceDataset(
        filepath=str(tmp_path / "drift.json"), version=Version(OLD, None)
    )
    pipeline = Pipeline([Node(zero, ["network", "drift_reference"], "made")])
    VersionHooks().before_pipeline_run(RUN | {"load_versions": {"drift_reference": OLD}}, pipeline, two_networks)
    assert two_networks.load("drift_reference").network_sha256 == network(0).sha256


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
from mnist_growth.datasets import AtomicVersion
dataset = JSONDataset(filepath=sys.argv[1] + "/made.json", version=Version(None, "{OURS}"))
version = AtomicVersion(dataset)
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
