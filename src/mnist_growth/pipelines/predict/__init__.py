"""Prediction of many images, and watching them for drift."""

from mnist_growth.pipelines.predict.pipeline import create_pipeline

__all__ = ["create_pipeline"]
