"""Export of a trained network to ONNX, and the check of what came out."""

from mnist_growth.pipelines.export.pipeline import create_pipeline

__all__ = ["create_pipeline"]
