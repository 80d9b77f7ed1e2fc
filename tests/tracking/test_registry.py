import json
import logging
from dataclasses import replace

import pytest
import torch
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from mnist_growth.network import GrowingMLP, TrainedNetwork, save_network
from mnist_growth.tracking import Candidate, choose_champion, find_champion
from tracked_runs import client_of, start

MNIST = Candidate(
    version="2026-01-01", sha256="a" * 64, dataset="mnist", fingerprint="f" * 64, environment="local",
    validation_accuracy=0.98,
)  # fmt: skip
BETTER = replace(MNIST, version="2026-01-02", sha256="b" * 64, validation_accuracy=0.99)
SAMPLE = replace(MNIST, version="2026-01-03", dataset="sample", fingerprint="e" * 64, validation_accuracy=0.999)
OTHER_SET = replace(MNIST, version="2026-01-04", dataset="kmnist", fingerprint="d" * 64, validation_accuracy=0.999)


@pytest.mark.parametrize(
    ("candidate", "champion", "replaces"),
    [
        (SAMPLE, None, True),
        (BETTER, MNIST, True),
        (MNIST, BETTER, False),
        (MNIST, MNIST, False),
        (SAMPLE, MNIST, False),
        (MNIST, SAMPLE, True),
        (OTHER_SET, MNIST, False),
        (replace(SAMPLE, fingerprint="c" * 64), SAMPLE, False),
    ],
)
def test_a_champion_is_replaced_by_a_better_network_of_the_same_digits_or_of_a_complete_set(
    candidate, champion, replaces
):
    assert candidate.replaces(champion) is replaces


@pytest.fixture
def register(project, tmp_path):
    """Tracks a run that logs a network and registers it as a candidate."""
    path = tmp_path / "network.safetensors"
    torch.manual_seed(0)
    save_network(path, TrainedNetwork(GrowingMLP([16, 16]).eval(), "sample", "ab" * 32, epochs=1))

    def run(candidate):
        tracker = start(project)
        tracker.log_network(path)
        tracker.register_network(candidate)
        assert tracker.active
        return tracker

    return run


def test_a_project_without_a_store_has_no_champion(tmp_path):
    assert find_champion(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_the_champion_is_found_and_can_be_chosen_by_hand(project, register):
    assert find_champion(project) is None

    for candidate, champion in ((MNIST, MNIST), (SAMPLE, MNIST), (BETTER, BETTER)):
        tracker = register(candidate)
        assert find_champion(project) == champion

    assert choose_champion(project, "2026-01-03") == SAMPLE
    assert find_champion(project) == SAMPLE
    with pytest.raises(ValueError, match="no registered network of version 'x'; the registry has 2026-01-01, 2026-"):
        choose_champion(project, "x")
    registered = client_of(tracker).get_model_version_by_alias("mnist-growth", "champion")
    assert registered.tags["dataset"] == "sample"
    assert registered.description == "sample, validation accuracy 99.90%"
    [output] = client_of(tracker).get_run(tracker.run_id).outputs.model_outputs
    versions = client_of(tracker).get_logged_model(output.model_id).tags["mlflow.modelVersions"]
    assert json.loads(versions) == [{"name": "mnist-growth", "version": 3}]


def test_without_networks_none_can_be_chosen(project):
    start(project)

    with pytest.raises(ValueError, match="no registered network of version 'x'; the registry has none"):
        choose_champion(project, "x")
    assert find_champion(project) is None


def test_a_store_without_registry_is_no_reason_to_stop_tracking(project, register, monkeypatch, caplog):
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def refuse(*_arguments, **_options):
        raise MlflowException("no registry")

    monkeypatch.setattr(MlflowClient, "create_registered_model", refuse)
    monkeypatch.setattr(logging.getLogger("mnist_growth"), "propagate", True)
    with caplog.at_level(logging.WARNING, "mnist_growth"):
        tracker = register(MNIST)

    assert "The network is not in MLflow's model registry (no registry)" in caplog.text
    assert tracker.failure == ""


def test_a_database_that_cannot_be_read_has_no_champion(project):
    (project / "mlflow.db").write_bytes(b"no database" * 100)

    with pytest.raises(ValueError, match=r"^MLflow cannot be used \(file is not a database\)$"):
        find_champion(project)


@pytest.mark.parametrize("method", ["create_registered_model", "create_model_version"])
def test_a_collision_with_another_run_is_tried_again(project, register, monkeypatch, method):
    original, calls = getattr(MlflowClient, method), []

    def collide_once(*arguments, **options):
        calls.append(method)
        if len(calls) == 1:
            raise MlflowException("UNIQUE constraint failed")
        return original(*arguments, **options)

    monkeypatch.setattr(MlflowClient, method, collide_once)
    register(MNIST)
    assert len(calls) == 2
    assert find_champion(project) == MNIST
