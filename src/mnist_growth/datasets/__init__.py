"""Catalog adapters for digits, networks and checkpoints; other packages implement the formats."""

from mnist_growth.datasets.atomic_version import AtomicVersion
from mnist_growth.datasets.batch_predictions import BatchPredictionsDataset
from mnist_growth.datasets.candidates import CandidatesDataset
from mnist_growth.datasets.checkpoints import CheckpointsDataset
from mnist_growth.datasets.digit_archive import DigitArchiveDataset
from mnist_growth.datasets.digits import DigitsDataset
from mnist_growth.datasets.drift_reference import DriftReferenceDataset
from mnist_growth.datasets.environment import EnvironmentDataset
from mnist_growth.datasets.figure import FigureDataset
from mnist_growth.datasets.images_to_label import ImagesToLabelDataset
from mnist_growth.datasets.metrics import ManifestDataset, MetricsDataset
from mnist_growth.datasets.network import NetworkDataset
from mnist_growth.datasets.network_versions import NetworkVersions, NetworkVersionsDataset
from mnist_growth.datasets.novelty_detector import NoveltyDetectorDataset
from mnist_growth.datasets.onnx_model import OnnxModelDataset
from mnist_growth.datasets.png_folder import PngFolderDataset
from mnist_growth.datasets.results import Found, Results
from mnist_growth.datasets.split import SplitDataset
from mnist_growth.datasets.statistics import PixelStatisticsDataset
from mnist_growth.datasets.table import TableDataset
from mnist_growth.datasets.trainings import TrainingsDataset

__all__ = [
    "AtomicVersion",
    "BatchPredictionsDataset",
    "CandidatesDataset",
    "CheckpointsDataset",
    "DigitArchiveDataset",
    "DigitsDataset",
    "DriftReferenceDataset",
    "EnvironmentDataset",
    "FigureDataset",
    "Found",
    "ImagesToLabelDataset",
    "ManifestDataset",
    "MetricsDataset",
    "NetworkDataset",
    "NetworkVersions",
    "NetworkVersionsDataset",
    "NoveltyDetectorDataset",
    "OnnxModelDataset",
    "PixelStatisticsDataset",
    "PngFolderDataset",
    "Results",
    "SplitDataset",
    "TableDataset",
    "TrainingsDataset",
]
