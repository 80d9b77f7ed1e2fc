"""The result of a run in the terminal."""

import logging
from collections.abc import Mapping
from typing import Any

import rich
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog

logger = logging.getLogger(__name__)


class ResultHooks:
    """Shows which digits a run works on and, at its end, what came out."""

    def __init__(self) -> None:
        self.metrics: Mapping[str, Any] = {}
        self.comparison: Mapping[str, Any] = {}

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Say which digits were found, and remember the results."""
        if dataset_name == "data_manifest":
            from mnist_growth.digits import describe_preparation  # torch, which other commands do not need

            counts = [f"{data[part]['count']:,}" for part in ("train", "test")]
            logger.info(
                "digits of %s: %s for training, %s for testing; source: %s", data["dataset"], *counts, data["source"]
            )
            logger.info("images %s", describe_preparation(data))
        elif dataset_name == "test_metrics":
            self.metrics = data
        elif dataset_name == "comparison":
            self.comparison = data

    @hook_impl
    def after_pipeline_run(self, catalog: DataCatalog) -> None:
        """Show the results."""
        from mnist_growth.evaluation import comparison_summary, summary

        if self.metrics:
            class_names = catalog.load("test_digits").class_names
            rich.print(summary(self.metrics, catalog.load("predictions"), class_names))
        if self.comparison:
            rich.print(comparison_summary(self.comparison))
