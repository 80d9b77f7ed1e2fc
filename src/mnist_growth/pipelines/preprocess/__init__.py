"""Preprocessing: split and pixel statistics of the training digits, and a figure of their warps."""

from mnist_growth.pipelines.preprocess.pipeline import create_pipeline

__all__ = ["create_pipeline"]
