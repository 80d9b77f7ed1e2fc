"""Which images are worth a label: learning curves of strategies that choose them, and the choice of a strategy."""

from mnist_growth.pipelines.active.pipeline import create_label_pipeline, create_pipeline

__all__ = ["create_label_pipeline", "create_pipeline"]
