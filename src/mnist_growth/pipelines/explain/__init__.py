"""Why a network gives its answers: attributions and their quality, units, layers and decision boundaries."""

from mnist_growth.pipelines.explain.pipeline import create_pipeline

__all__ = ["create_pipeline"]
