"""Ingest: verified digits and their manifest from an archive."""

from mnist_growth.pipelines.ingest.pipeline import create_pipeline

__all__ = ["create_pipeline"]
