"""Ingest: from an archive to verified digits and a manifest of them."""

from mnist_growth.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
