"""Networks of several widths from one training."""

from mnist_growth.pipelines.family.pipeline import create_pipeline

__all__ = ["create_pipeline"]
