"""Resuming a training with the parameters and the data of its checkpoint."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset, Version
from kedro.io.core import DatasetError, VersionNotFoundError
from kedro.pipeline import Pipeline

from mnist_growth.hooks.nothing_to_do import NothingToDo

if TYPE_CHECKING:
    from collections.abc import Callable

    from mnist_growth.training import Resumption

logger = logging.getLogger(__name__)

RESUME_NODE = "train.resume_training"

DIGITS = ["train_digits", "test_digits", "data_manifest"]
"""Datasets that one ingest saves, with the same version."""


class ResumeHooks:
    """Resumes a training with the parameters and the data of its checkpoint.

    Only ``--params`` changes a parameter of the training. The configuration, which is that of a new training, does not.
    """

    @hook_impl(tryfirst=True)  # before the run is recorded
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Replace the configured parameters by those of the checkpoint and the requested changes.

        Raises:
            FileNotFoundError: There is no checkpoint.
            ValueError: A parameter or the data is that of another training.
            NothingToDo: The training is finished.
        """
        if RESUME_NODE not in {node.name for node in pipeline.nodes}:
            return
        from mnist_growth.parameters import validated
        from mnist_growth.training import TRAINING_GROUPS, Resumption, split_fingerprint

        checkpoint = catalog.load("checkpoints").latest()
        resumption = Resumption(checkpoint, run_params["runtime_params"] or {})
        resumption.check()
        configured = catalog.load("parameters")
        models = {group: validated(group, resumption.parameters[group], pipelines) for group in TRAINING_GROUPS}
        resume, training = configured["resume"], models["training"]
        if resumption.epochs_done >= training.epochs:
            _refuse_finished(checkpoint.path.parent.name, resumption.epochs_done, pipeline, catalog)
        setup = checkpoint.header["setup"]
        _load_the_same(catalog, DIGITS, "fingerprint", _fingerprint, setup)
        _load_the_same(catalog, ["split"], "split", split_fingerprint, setup)
        if changes := resumption.describe(resume, training):
            logger.info("%s", changes)
        if run_params["env"]:
            _report_unused(run_params["env"], configured, resumption)
        for group, model in models.items():
            catalog[f"params:{group}"] = MemoryDataset(model, copy_mode="assign")
        catalog["parameters"] = MemoryDataset({**configured, **models}, copy_mode="assign")
        catalog["resumption"] = MemoryDataset(resumption, copy_mode="assign")


def _refuse_finished(version: str, epochs: int, pipeline: Pipeline, catalog: DataCatalog) -> None:
    """End the run if the training is finished and the results of its network are complete.

    Raises:
        NothingToDo: They are.
    """
    from mnist_growth.datasets import Results

    results = Results(catalog, {})
    network = catalog.get("network", version=Version(load=version, save=None))
    if network is None or not network.exists():
        return
    if {"test_metrics", "report"} <= pipeline.all_outputs():
        try:
            measured = results.version("test_metrics", network.load())
        except DatasetError:
            return  # a damaged network is saved again
        if measured is None or not any(written >= measured for written in _versions(catalog.get("report"))):
            return
    raise NothingToDo(
        f"Nothing to resume: this training has completed all its {epochs} epochs (network {version}). To train it "
        f"further, give a larger number: `kedro run --pipeline resume --params training.epochs={2 * epochs}`; with "
        "resume.schedule=restart the learning rate schedule starts again"
    )


def _load_the_same(
    catalog: DataCatalog, names: list[str], key: str, digest: "Callable[[Any], str]", setup: Mapping[str, Any]
) -> None:
    """Pin datasets to the newest version whose digest is that of the training.

    A version that ``--load-versions`` names stays: its digest is compared when the training continues.

    Args:
        catalog: The catalog.
        names: Datasets with the same versions; the first one has the digest.
        key: Name of the digest in the setup.
        digest: Returns the digest of the content of the first dataset.
        setup: Of the checkpoint.

    Raises:
        ValueError: There are versions, but none has the digest.
    """
    from mnist_growth.training import refuse_changes

    newest: str | None = None
    first = catalog.get(names[0])
    if not isinstance(first, AbstractVersionedDataset) or (first._version and first._version.load):
        return
    for version in _versions(first):
        dataset = catalog.get(names[0], version=Version(load=version, save=None))
        assert dataset is not None
        try:
            found = digest(dataset.load())
        except DatasetError:
            continue  # damaged
        newest = newest or found
        if found == setup[key]:
            for name in names:
                pinned = catalog.get(name)
                if isinstance(pinned, AbstractVersionedDataset) and version in _versions(pinned):
                    pinned._version = Version(load=version, save=pinned.resolve_save_version())
            return

    if newest is not None:
        refuse_changes({key: (setup[key], newest)})


def _fingerprint(digits: Any) -> str:
    return str(digits.fingerprint)


def _versions(dataset: Any) -> list[str]:
    """Versions of a dataset, the newest first."""
    try:
        return [Path(path).parent.name for path in dataset.list_versions()]
    except VersionNotFoundError:
        return []


def _report_unused(environment: str, configured: Mapping[str, Any], resumption: "Resumption") -> None:
    """Say which parameters of the environment differ from those of the checkpoint."""
    from mnist_growth.nested import flatten
    from mnist_growth.training import TRAINING_GROUPS

    plain = {
        group: value.model_dump(mode="json") if hasattr(value := configured[group], "model_dump") else value
        for group in TRAINING_GROUPS
    }
    wanted, used = flatten(plain), flatten(resumption.parameters)
    differing = [
        f"{name}={used[name]}"
        for name in sorted(wanted.keys() & used.keys())
        if wanted[name] != used[name] and wanted[name] != "auto"
    ]
    if differing:
        logger.info(
            "The training keeps the parameters of its checkpoint, which differ from the environment %s: %s. Change "
            "them with --params",
            environment,
            ", ".join(differing),
        )
