"""Training of the growing network."""

from mnist_growth.pipelines.train.pipeline import create_pipeline, create_results_pipeline, create_resume_pipeline

__all__ = ["create_pipeline", "create_results_pipeline", "create_resume_pipeline"]
