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

    @hook_impl(tryfirst=True)  # before the run is recorded
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Check that the requested parameters have an effect, and that the ingested digits are those requested.

        Raises:
            ValueError: A group of parameters is missing, a requested parameter has no effect because of another one,
                or the digits are those of another data set.
        """
        from mnist_growth.parameter_rules import contradictions, unused
        from mnist_growth.parameters import check_digits

        requested = run_params["runtime_params"] or {}
        parameters = catalog.load("parameters") if "parameters" in catalog else {}
        if absent := sorted(name for name in pipeline.inputs() if name.startswith("params:") and name not in catalog):
            names = ", ".join(name.removeprefix("params:") for name in absent)
            raise ValueError(f"The configuration has no parameters {names}: restore its files parameters_*.yml")
        if problems := list(contradictions(parameters, requested)):
            raise ValueError(" ".join(problems))
        _check_values(pipeline, catalog)
        if ignored := unused(requested, pipeline.inputs()):
            logger.warning(
                "%s: not used by %s",
                ", ".join(ignored),
                ", ".join(f"the pipeline {name}" for name in run_params.get("pipeline_names") or ["__default__"]),
            )
        for name in {"train_digits", "test_digits"} & pipeline.inputs():
            if "dataset" in requested:
                check_digits(catalog.load(name).dataset, catalog.load("data_manifest"), str(requested["dataset"]))


def _check_values(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Check values that a node would refuse, before the run is recorded.

    Raises:
        ValueError: The network cannot follow the plan of growth, there are no images to predict or to choose from, or
            images to choose from are given to the study of active learning.
    """
    from mnist_growth.batch import open_source
    from mnist_growth.growth import planned_widths

    used = pipeline.inputs()
    if {"params:network", "params:growth", "params:training"} <= used:
        network, growth, training = (catalog.load(f"params:{name}") for name in ("network", "growth", "training"))
        planned_widths(training.epochs, growth, network.spec(growth.initial_neurons))
    made = {name for node in pipeline.nodes for name in node.outputs}
    if "batch_predictions" in made:
        open_source(catalog.load("params:predict").folder)
    if "images_to_label" in made:
        open_source(catalog.load("params:active").folder, parameter="active.folder")
    if "active_learning" in made and (folder := catalog.load("params:active").folder) is not None:
        raise ValueError(
            f"Parameter 'active.folder' is {folder!r}, but the study active does not use it: choose its images with "
            "`kedro run --pipeline label`, or set it to null for the study"
        )
