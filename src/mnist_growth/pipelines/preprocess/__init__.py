"""Splitting and measuring the training digits, and a look at their warps."""

from mnist_growth.pipelines.preprocess.pipeline import create_pipeline

__all__ = ["create_pipeline"]
