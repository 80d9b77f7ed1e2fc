"""The loss around a trained network, along its training, and between networks."""

from mnist_growth.pipelines.landscape.pipeline import create_pipeline

__all__ = ["create_pipeline"]
