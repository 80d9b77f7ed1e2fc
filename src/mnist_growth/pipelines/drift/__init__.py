"""Drift: the reference of a network, and figures of the distance of images from it."""

from mnist_growth.pipelines.drift.pipeline import create_pipeline, create_reference_pipeline

__all__ = ["create_pipeline", "create_reference_pipeline"]
