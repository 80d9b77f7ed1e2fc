"""A labelled set of images: the value, its file format, and where digits come from."""

from mnist_growth.digits.config import SplitConfig, WarpConfig
from mnist_growth.digits.digits import IMAGE_SIDE, NUM_CLASSES, Digits, DigitSet, fingerprint
from mnist_growth.digits.split import Split, stratified_split
from mnist_growth.digits.statistics import PixelStatistics, pixel_statistics
from mnist_growth.digits.warps import warp

__all__ = [
    "IMAGE_SIDE",
    "NUM_CLASSES",
    "DigitSet",
    "Digits",
    "PixelStatistics",
    "Split",
    "SplitConfig",
    "WarpConfig",
    "fingerprint",
    "pixel_statistics",
    "stratified_split",
    "warp",
]
