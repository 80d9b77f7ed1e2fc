"""Which network of a project a service loads, and what it loads with it."""

import logging
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mnist_growth.kept_versions import versions_of_networks
from mnist_growth.lineage import Lineage, mark
from mnist_growth.machine import vector_instructions
from mnist_growth.model_source import CatalogSource, MlflowSource, serving_config
from mnist_growth.network import GrowingMLP, TrainedNetwork, save_network
from mnist_growth.project_context import Project, load_version
from mnist_growth.serving import OnnxPredictor
from mnist_growth.serving.predictor import TorchPredictor
from mnist_growth.tracking import Candidate
from packed_networks import packed

ROOT = Path(__file__).parents[1]
OLDER, NEWER = "2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z"
NEWEST = "2026-01-03T00.00.00.000Z"
IMAGES = np.random.default_rng(0).integers(0, 256, (8, 28, 28), np.uint8)
CONFUSION = np.eye(10, dtype=np.int64)

# Kedro reads the fields of parameters in the way that pydantic is going to take away.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")


def network(seed: int) -> TrainedNetwork:
    made = GrowingMLP((4,), generator=torch.Generator().manual_seed(seed)).eval()
    return TrainedNetwork(made, "mnist", "ab" * 32, epochs=1)


@pytest.fixture
def project(project: Path) -> Project:
    """A project with two networks, of which the older one was evaluated, and without a record of runs."""
    shutil.copy(ROOT / "pyproject.toml", project)
    shutil.copytree(ROOT / "conf", project / "conf", ignore=shutil.ignore_patterns("local"))
    (project / "conf/local").mkdir()
    (project / "src").mkdir()
    for seed, version in enumerate((OLDER, NEWER)):
        path = project / "data/06_models/network.safetensors" / version / "network.safetensors"
        path.parent.mkdir(parents=True)
        save_network(path, network(seed))
    path = project / "data/08_reporting/confusion_matrix.parquet" / NEWER / "confusion_matrix.parquet"
    path.parent.mkdir(parents=True)
    older = Lineage(network(0).sha256, network(0).fingerprint)
    table = pd.DataFrame(CONFUSION, columns=[str(digit) for digit in range(10)])
    mark(table, older).to_parquet(path)
    return Project(project, None, None, {})


def test_without_a_champion_the_newest_network_is_served(project, caplog):
    with caplog.at_level(logging.INFO):
        served = CatalogSource(project, None, "torch", 1)()

    assert served.version == NEWER
    assert served.confusion is None  # that of the older network is in a newer file
    assert f"Serving network {NEWER} (newest; there is no champion): 4, dataset mnist, not evaluated" in caplog.text


def test_a_version_is_served_with_its_own_results(project, caplog):
    with caplog.at_level(logging.INFO):
        served = CatalogSource(project, OLDER, "torch", 1)()

    assert served.version == OLDER
    assert np.array_equal(served.confusion, CONFUSION)
    assert f"Serving network {OLDER} (as requested)" in caplog.text


def test_a_damaged_result_does_not_keep_a_network_from_being_served(project):
    name = "confusion_matrix.parquet"
    path = project.path / "data/08_reporting" / name / NEWER / name  # of the older network
    path.write_bytes(path.read_bytes()[:100])

    served = CatalogSource(project, OLDER, "torch", 1)()

    assert (served.version, served.confusion) == (OLDER, None)


def test_the_files_of_kept_networks_are_found(project):
    kept = versions_of_networks(project, 1, None)
    both = versions_of_networks(project, 2, None)

    assert kept[""] == {NEWER}
    assert "confusion_matrix.parquet" not in kept
    assert both[""] == {OLDER, NEWER}
    assert both["confusion_matrix.parquet"] == {NEWER}


def test_a_damaged_network_is_named_and_not_kept_with_its_results(project):
    path = project.path / "data/06_models/network.safetensors" / NEWER / "network.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(ValueError, match="is damaged"):
        load_version(project.context(), None)
    assert versions_of_networks(project, 1, None) == {"": {NEWER}}


def test_parameters_of_the_service_are_checked(project):
    assert serving_config(project).backend == "auto"
    changed = Project(project.path, None, None, {"serving": {"backend": "abacus"}})
    with pytest.raises(ValueError, match=r"serving\.backend"):
        serving_config(changed)


@pytest.fixture
def quantised(project) -> TrainedNetwork:
    """A network that computes with integers of 8 bits, which is the newest one of the project."""
    trained = TrainedNetwork(packed(8, activations=True), "mnist", "ab" * 32, epochs=1)
    path = project.path / "data/06_models/network.safetensors" / NEWEST / "network.safetensors"
    path.parent.mkdir(parents=True)
    save_network(path, trained)
    return trained


@pytest.mark.parametrize(
    ("instructions", "asked", "backend"),
    [
        (("VNNI",), "auto", "int8"),
        ((), "auto", "torch"),  # sums of two products of 8 bits would saturate
        (("VNNI",), "torch", "torch"),
    ],
)
def test_a_quantised_network_is_served_with_integers_where_the_processor_adds_them_exactly(
    project, quantised, monkeypatch, caplog, instructions, asked, backend
):
    monkeypatch.setattr(sys.modules["mnist_growth.export.int8_model"], "vector_instructions", lambda: instructions)

    with caplog.at_level(logging.INFO):
        served = CatalogSource(project, NEWEST, asked, 1)()

    assert served.backend == backend
    assert (f"Backend {backend} (serving.backend is auto" in caplog.text) == (asked == "auto")
    assert isinstance(served.predict, OnnxPredictor if backend == "int8" else TorchPredictor)
    expected = torch.softmax(quantised.network(torch.from_numpy(IMAGES)), dim=1).detach().numpy()
    if "VNNI" in vector_instructions() or backend == "torch":
        assert np.abs(served.predict(IMAGES) - expected).max() < 0.02


def test_a_network_of_floats_is_served_by_torch_whatever_the_processor_has(project, monkeypatch):
    monkeypatch.setattr(
        sys.modules["mnist_growth.export.int8_model"], "vector_instructions", lambda: ("VNNI", "AMX", "bfloat16")
    )

    assert CatalogSource(project, NEWER, "auto", 1)().backend == "torch"


def test_a_model_of_mlflow_is_not_served_by_another_backend(project):
    with pytest.raises(ValueError, match="serving.backend is 'onnx', but models in MLflow are not exported"):
        MlflowSource(project, "models:/network/1", "onnx", 1)()


def make_champion(monkeypatch, version: str, trained: TrainedNetwork, environment: str = "base") -> None:
    champion = Candidate(version, trained.sha256, "mnist", trained.fingerprint, environment, 0.9)
    monkeypatch.setattr("mnist_growth.model_source.find_champion", lambda _project: champion)


def test_the_champion_is_served_instead_of_the_newest_network(project, monkeypatch, caplog):
    make_champion(monkeypatch, OLDER, network(0), environment="smoke")

    with caplog.at_level(logging.INFO):
        served = CatalogSource(project, None, "torch", 1)()

    assert served.version == OLDER
    assert f"Serving network {OLDER} (champion)" in caplog.text
    assert "This network was trained on few epochs (environment smoke)" in caplog.text


@pytest.mark.parametrize(
    ("version", "seed", "reason"),
    [
        ("2025-01-01T00.00.00.000Z", 0, "2025-01-01T00.00.00.000Z"),
        (OLDER, 7, f"the network of version {OLDER} has other weights"),
    ],
)
def test_a_champion_that_is_gone_or_another_is_not_served(project, monkeypatch, caplog, version, seed, reason):
    make_champion(monkeypatch, version, network(seed))

    with caplog.at_level(logging.INFO):
        served = CatalogSource(project, None, "torch", 1)()

    assert served.version == NEWER
    warning = next(record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert warning.startswith("The champion cannot be served (")
    assert reason in warning
    assert warning.endswith("): serving the newest network")


def test_without_a_registry_the_newest_network_is_served(project, monkeypatch, caplog):
    def fail(_project):
        raise ValueError("MLflow cannot be used")

    monkeypatch.setattr("mnist_growth.model_source.find_champion", fail)

    assert CatalogSource(project, None, "torch", 1)().version == NEWER
    assert "MLflow cannot be used: there is no champion to serve" in caplog.text
