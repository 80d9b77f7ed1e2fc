"""Refusing inputs that are missing or do not belong together before anything runs."""

from collections.abc import Iterable
from typing import Any, NoReturn

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import AbstractVersionedDataset, DataCatalog
from kedro.pipeline import Pipeline

NETWORKS = ("network", "baseline_network")

SMALL = ("FigureDataset", "MetricsDataset", "PixelStatisticsDataset", "SplitDataset", "TableDataset")
"""Datasets that are loaded in milliseconds, to see whether they are damaged."""


class InputHooks:
    """Refuses inputs that are missing, damaged or of different data sets before the run is recorded.

    The nodes check the same when they run, perhaps minutes later.
    """

    @hook_impl  # after the versions are pinned, before the run is recorded
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Check the inputs of the pipeline.

        Raises:
            DatasetError: A network is missing or damaged, or another input is damaged.
            FileNotFoundError: Another input is missing.
            ValueError: A network and the digits are of different data sets, there is no such data set, the nodes need
                a dataset that is not stored, or a version is given of a dataset that they do not load.
        """
        from mnist_growth import datasets
        from mnist_growth.datasets import CheckpointsDataset, DigitArchiveDataset

        small = tuple(getattr(datasets, name) for name in SMALL)
        _check_load_versions(run_params["load_versions"] or {}, pipeline)
        if run_params.get("only_missing_outputs"):
            return  # which inputs are needed is not known yet
        _check_made_before(pipeline, catalog)
        inputs = {name: catalog.get(name) for name in sorted(pipeline.inputs()) if name in catalog}
        networks = {name: catalog.load(name) for name in NETWORKS if name in inputs}
        for name, dataset in inputs.items():
            if isinstance(dataset, DigitArchiveDataset):
                dataset.check()
            elif isinstance(dataset, CheckpointsDataset):
                continue  # a handle: a new training has none yet
            elif isinstance(dataset, AbstractVersionedDataset) and dataset._version and not dataset.exists():
                _refuse(name, dataset, catalog)
            elif isinstance(dataset, small):
                dataset.load()
        for node in pipeline.nodes:
            for name in (name for name in networks if name in node.inputs):
                _check_data_set(name, networks[name], inputs.keys() & set(node.inputs), catalog)


def _check_load_versions(requested: Iterable[str], pipeline: Pipeline) -> None:
    """Check that the run loads the datasets of ``--load-versions``.

    Raises:
        ValueError: It does not load one of them.
    """
    loaded = {name for name in pipeline.inputs() if not name.startswith("param")}
    for name in requested:
        if name not in loaded:
            raise ValueError(
                f"A version of {name} is given, but this run does not load {name}; it loads {', '.join(sorted(loaded))}"
            )


def _check_made_before(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Check that no node of a part of a pipeline needs what an earlier node keeps in memory only.

    Raises:
        ValueError: A node does.
    """
    for name in sorted(pipeline.inputs()):
        makers = [node.name for each in pipelines.values() for node in each.nodes if name in node.outputs]
        if makers and name not in catalog:
            raise ValueError(
                f"This run needs {name}, which is not stored but made by the node {makers[0]}: choose nodes that "
                "include it"
            )


def _refuse(name: str, dataset: AbstractVersionedDataset[Any, Any], catalog: DataCatalog) -> NoReturn:
    """Say that an input does not exist.

    Raises:
        FileNotFoundError: Always.
    """
    from mnist_growth.datasets import Results

    results, version = Results(catalog, pipelines), dataset._version and dataset._version.load
    if version and (versions := results.versions(name)):
        raise FileNotFoundError(f"{name} has no version {version}; expected one of {', '.join(versions)}")
    command = results.missing(name, None).command
    advice = f": create it with `{command}`" if command else ""
    raise FileNotFoundError(f"There is no {name} in {dataset._filepath}{advice}")


def _check_data_set(name: str, trained: Any, inputs: set[str], catalog: DataCatalog) -> None:
    """Check that a network and the digits that a node uses with it are of the same data set.

    Raises:
        ValueError: They are not.
    """
    from mnist_growth.evaluation import check_same_set, check_training_digits

    if "test_digits" in inputs:
        check_same_set(trained.dataset, trained.fingerprint, catalog.load("test_digits"), name)
    if "train_digits" in inputs:
        check_training_digits(trained.dataset, trained.fingerprint, catalog.load("train_digits"))
