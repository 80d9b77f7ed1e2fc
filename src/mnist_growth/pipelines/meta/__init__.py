"""New classes from a few images: meta-learning against simpler methods."""

from mnist_growth.pipelines.meta.pipeline import create_pipeline

__all__ = ["create_pipeline"]
