"""Novelty detection for a trained network."""

from mnist_growth.pipelines.novelty.pipeline import create_pipeline

__all__ = ["create_pipeline"]
