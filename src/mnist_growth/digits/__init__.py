"""Labelled digit images: loading, file formats, statistics, splitting and augmentation."""

from mnist_growth.digits.archive import load_archive
from mnist_growth.digits.archive_config import ArchiveConfig
from mnist_growth.digits.canonical import canonical_form, centred
from mnist_growth.digits.class_statistics import ClassStatistics, class_statistics
from mnist_growth.digits.config import ArchiveParameters, SplitConfig, WarpConfig
from mnist_growth.digits.decoding import decode_image, read_digit
from mnist_growth.digits.digits import (
    DIGIT_NAMES,
    IMAGE_SIDE,
    MAX_CLASSES,
    NUM_CLASSES,
    Digits,
    DigitSet,
    fingerprint,
    names_of,
)
from mnist_growth.digits.manifest import check_manifest, data_manifest, describe_preparation, requested_dataset
from mnist_growth.digits.neighbours import nearest
from mnist_growth.digits.own_digits import own_digits
from mnist_growth.digits.preparation import MNIST_PREPARATION, Preparation, PreparedImage, already_prepared
from mnist_growth.digits.prepare import prepare
from mnist_growth.digits.sample import sample_digits
from mnist_growth.digits.scale import to_grey_values
from mnist_growth.digits.split import Split, evenly_spread, stratified_split
from mnist_growth.digits.statistics import MNIST_PIXELS, PixelStatistics, pixel_statistics
from mnist_growth.digits.style import Style, measure_style
from mnist_growth.digits.warps import Warps, apply_warps, draw_warps, warp

__all__ = [
    "DIGIT_NAMES",
    "IMAGE_SIDE",
    "MAX_CLASSES",
    "MNIST_PIXELS",
    "MNIST_PREPARATION",
    "NUM_CLASSES",
    "ArchiveConfig",
    "ArchiveParameters",
    "ClassStatistics",
    "DigitSet",
    "Digits",
    "PixelStatistics",
    "Preparation",
    "PreparedImage",
    "Split",
    "SplitConfig",
    "Style",
    "WarpConfig",
    "Warps",
    "already_prepared",
    "apply_warps",
    "canonical_form",
    "centred",
    "check_manifest",
    "class_statistics",
    "data_manifest",
    "decode_image",
    "describe_preparation",
    "draw_warps",
    "evenly_spread",
    "fingerprint",
    "load_archive",
    "measure_style",
    "names_of",
    "nearest",
    "own_digits",
    "pixel_statistics",
    "prepare",
    "read_digit",
    "requested_dataset",
    "sample_digits",
    "stratified_split",
    "to_grey_values",
    "warp",
]
