"""Prediction of many images, with detection of drift."""

from mnist_growth.pipelines.predict.pipeline import create_pipeline

__all__ = ["create_pipeline"]
