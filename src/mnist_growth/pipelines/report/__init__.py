"""The report of a run."""

from mnist_growth.pipelines.report.pipeline import create_pipeline

__all__ = ["create_pipeline"]
