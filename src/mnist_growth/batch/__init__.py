"""Prediction of many images from a folder, an IDX file or a parquet table, with constant memory use."""

from mnist_growth.batch.cluster import prepare_on_cluster
from mnist_growth.batch.config import PredictConfig
from mnist_growth.batch.images_to_label import ImagesToLabel, LabelFolder, read_images_to_label, write_images_to_label
from mnist_growth.batch.originals import copy_name, originals
from mnist_growth.batch.picture import Picture, Source
from mnist_growth.batch.prediction import Part, features_of, predict_pictures, predict_prepared
from mnist_growth.batch.prepared import prepare_pictures
from mnist_growth.batch.results import UNREADABLE, BatchResults, read_results, write_results
from mnist_growth.batch.sources import open_source

__all__ = [
    "UNREADABLE",
    "BatchResults",
    "ImagesToLabel",
    "LabelFolder",
    "Part",
    "Picture",
    "PredictConfig",
    "Source",
    "copy_name",
    "features_of",
    "open_source",
    "originals",
    "predict_pictures",
    "predict_prepared",
    "prepare_on_cluster",
    "prepare_pictures",
    "read_images_to_label",
    "read_results",
    "write_images_to_label",
    "write_results",
]
