"""Evaluation of a trained network on the test digits."""

from mnist_growth.pipelines.evaluate.pipeline import create_pipeline

__all__ = ["create_pipeline"]
