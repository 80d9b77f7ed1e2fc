"""Search for the parameters with the smallest validation loss."""

from mnist_growth.pipelines.tune.pipeline import create_pipeline

__all__ = ["create_pipeline"]
