"""Rejecting invalid parameters before anything runs."""

import logging
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

logger = logging.getLogger(__name__)


class ParameterHooks:
    """Rejects invalid parameters before anything runs."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check every parameter of the run."""
        from mnist_growth.parameters import check_parameters  # torch, which other commands do not need

        check_parameters(context.config_loader["parameters"], pipelines)

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Check that the ingested digits are those of the requested dataset."""
        from mnist_growth.parameters import check_digits

        requested = (run_params["runtime_params"] or {}).get("dataset")
        for name in {"train_digits", "test_digits"} & pipeline.inputs():
            if requested is not None:
                check_digits(catalog.load(name).dataset, catalog.load("data_manifest"), str(requested))
