"""Analysis of errors and data: writing style, interventions, near-duplicates, difficulty, doubtful labels."""

from mnist_growth.pipelines.analyse.pipeline import create_pipeline

__all__ = ["create_pipeline"]
