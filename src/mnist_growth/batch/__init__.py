"""Prediction of many images from a folder, an IDX file or a parquet table, with constant memory use."""

from mnist_growth.batch.config import PredictConfig
from mnist_growth.batch.picture import Picture, Source
from mnist_growth.batch.prediction import Part, features_of, predict_pictures
from mnist_growth.batch.results import UNREADABLE, BatchResults, read_results, write_results
from mnist_growth.batch.sources import open_source

__all__ = [
    "UNREADABLE",
    "BatchResults",
    "Part",
    "Picture",
    "PredictConfig",
    "Source",
    "features_of",
    "open_source",
    "predict_pictures",
    "read_results",
    "write_results",
]
