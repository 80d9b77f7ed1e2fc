"""Which images are worth a label: learning curves of strategies that choose them."""

from mnist_growth.pipelines.active.pipeline import create_pipeline

__all__ = ["create_pipeline"]
