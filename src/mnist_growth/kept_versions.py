"""The versions of datasets that belong to a network: what `kedro clean` keeps with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.io import Version as KedroVersion
from kedro.io.core import DatasetError

from mnist_growth.datasets import Results
from mnist_growth.digits import Digits
from mnist_growth.pipeline_registry import register_pipelines
from mnist_growth.project_context import Project, load_version
from mnist_growth.tracking import Candidate
from mnist_growth.training import split_fingerprint


def versions_of_networks(project: Project, newest: int, champion: Candidate | None) -> dict[str, set[str]]:
    """Return the versions that belong to the champion and the newest networks, by the name of their file.

    Args:
        project: The project.
        newest: Number of newest networks.
        champion: The champion, if there is one.

    Returns:
        Under the empty name those of the networks, whose runs saved other results with the same version; under the
        other names their results and the digits and splits that they were trained on.
    """
    catalog = project.context()._get_catalog()
    assert isinstance(catalog, DataCatalog)
    results = Results(catalog, pipelines={})
    networks = results.versions("network")
    chosen = [name for name in networks if name in networks[:newest] or (champion and name == champion.version)]
    found: dict[str, set[str]] = {"": set(chosen)}
    datasets = {
        name: dataset
        for pipeline in register_pipelines().values()
        for name in pipeline.datasets()
        if isinstance(dataset := catalog.get(name), AbstractVersionedDataset)
    }
    for version in chosen:
        try:
            trained = load_version(project.context(), version)
        except (ValueError, OSError):
            continue  # damaged
        for name, dataset in datasets.items():
            of_network = results.version(name, trained)
            if of_network:
                found.setdefault(Path(dataset._filepath).name, set()).add(of_network)
        for names, digest, expected in (
            (("train_digits", "test_digits", "data_manifest"), _digits_fingerprint, trained.fingerprint),
            (("split",), split_fingerprint, trained.split),
        ):
            sources = results.versions(names[0])
            source = next((name for name in sources if _has(catalog, names[0], name, digest, expected)), None)
            for name in names:
                if source:
                    found.setdefault(Path(datasets[name]._filepath).name, set()).add(source)
    return found


def _digits_fingerprint(digits: Digits) -> str:
    return digits.fingerprint


def _has(catalog: DataCatalog, name: str, version: str, digest: Callable[[Any], str], expected: str) -> bool:
    """Whether a version of a dataset has a digest."""
    dataset = catalog.get(name, version=KedroVersion(load=version, save=None))
    try:
        return dataset is not None and digest(dataset.load()) == expected
    except DatasetError:
        return False  # damaged
