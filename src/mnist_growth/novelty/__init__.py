"""Novelty: how much an image differs from the digits that a network was trained on, by what the network computes."""

from mnist_growth.novelty.config import NoveltyConfig
from mnist_growth.novelty.detector import NoveltyDetector, NoveltyScore, load_detector, novelty_of, save_detector
from mnist_growth.novelty.features import Features
from mnist_growth.novelty.fitting import fit_detector
from mnist_growth.novelty.outliers import digit_outliers, image_outliers

__all__ = [
    "Features",
    "NoveltyConfig",
    "NoveltyDetector",
    "NoveltyScore",
    "digit_outliers",
    "fit_detector",
    "image_outliers",
    "load_detector",
    "novelty_of",
    "save_detector",
]
