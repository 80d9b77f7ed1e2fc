"""Robustness: attacks, noise, corruptions, bounds, and noise on weights."""

from mnist_growth.pipelines.robustness.pipeline import create_pipeline

__all__ = ["create_pipeline"]
