"""Learning tasks one after the other: what a network forgets, and what prevents it."""

from mnist_growth.pipelines.continual.pipeline import create_pipeline

__all__ = ["create_pipeline"]
