"""Export of a trained network to ONNX, with a check of the exported models."""

from mnist_growth.pipelines.export.pipeline import create_pipeline

__all__ = ["create_pipeline"]
