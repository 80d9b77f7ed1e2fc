"""How accuracy, time and memory of a training depend on its parameters."""

from mnist_growth.pipelines.sweep.pipeline import create_pipeline

__all__ = ["create_pipeline"]
