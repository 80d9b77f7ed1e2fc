"""Comparison of two trained networks on the same test digits."""

from mnist_growth.pipelines.compare.pipeline import create_pipeline

__all__ = ["create_pipeline"]
