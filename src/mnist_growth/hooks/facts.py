"""Facts about a run, in addition to its parameters, for its report."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import AbstractVersionedDataset, DataCatalog, MemoryDataset
from kedro.io.core import VersionNotFoundError
from kedro.pipeline import Pipeline

from mnist_growth.hooks.record import git_commit

if TYPE_CHECKING:
    from mnist_growth.machine import DeviceName

PACKAGES = ("mnist-growth", "torch", "numpy", "pandas", "plotly", "kedro", "mlflow")
"""Packages whose versions can change a result."""


class FactsHooks:
    """Adds the facts about a run to the catalog for pipelines that use them."""

    def __init__(self) -> None:
        self.project = Path.cwd()
        self.device: DeviceName = "auto"

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Store the project folder and the device."""
        self.project = context.project_path
        self.device = context.config_loader["parameters"].get("device", "auto")

    @hook_impl(trylast=True)  # after the versions are pinned
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Collect the facts."""
        if "run_facts" not in pipeline.inputs():
            return
        from mnist_growth.machine import choose_device, describe_machine
        from mnist_growth.report import RunFacts

        facts = RunFacts(
            run={
                "began": run_params["run_id"],
                "pipeline": ", ".join(run_params["pipeline_names"] or ["__default__"]),
                "environment": run_params["env"] or "local",
                "commit": git_commit(self.project),
            },
            machine={**describe_machine(), "device": str(choose_device(self.device))},
            software={"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
            versions=_versions(pipeline, catalog),
        )
        catalog["run_facts"] = MemoryDataset(facts, copy_mode="assign")


def _versions(pipeline: Pipeline, catalog: DataCatalog) -> dict[str, str]:
    """The existing versions of the datasets that the pipeline loads or saves."""
    found = {}
    for name in sorted(pipeline.datasets()):
        dataset = catalog.get(name) if name in catalog else None
        if isinstance(dataset, AbstractVersionedDataset) and dataset._version:
            try:
                found[name] = str(dataset.resolve_load_version())
            except VersionNotFoundError:
                continue
    return found
