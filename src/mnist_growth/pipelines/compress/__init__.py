"""Smaller and faster networks from a trained one."""

from mnist_growth.pipelines.compress.pipeline import create_pipeline

__all__ = ["create_pipeline"]
