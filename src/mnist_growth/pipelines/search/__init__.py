"""Architectures: the front of accuracy and multiply-adds that several methods find."""

from mnist_growth.pipelines.search.pipeline import create_pipeline

__all__ = ["create_pipeline"]
