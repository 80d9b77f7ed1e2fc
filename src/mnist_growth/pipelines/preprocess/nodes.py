"""Preprocessing: split and pixel statistics of the training digits, and a figure of their warps."""

import numpy as np
import plotly.graph_objects as go
import torch

from mnist_growth.digits import (
    Digits,
    PixelStatistics,
    Split,
    SplitConfig,
    WarpConfig,
    pixel_statistics,
    stratified_split,
)
from mnist_growth.digits import warp as warp_images
from mnist_growth.figures import stamp
from mnist_growth.figures import warps as warps_figure

_WARPS_PER_DIGIT = 8


def split_digits(train_digits: Digits, split: SplitConfig) -> Split:
    """Return a stratified split of the training digits into training and validation part."""
    return stratified_split(train_digits.labels, split)


def measure_pixels(train_digits: Digits, split: Split) -> PixelStatistics:
    """Return mean and standard deviation of the pixels of the training part, without the validation part."""
    return pixel_statistics(train_digits.images, split.train)


def draw_warps(train_digits: Digits, split: Split, warps: WarpConfig) -> go.Figure:
    """Return the figure of the first training image of each class and random warps of it, at full strength."""
    first_of_class = np.unique(train_digits.labels[split.train], return_index=True)[1]
    originals = train_digits.images[split.train[first_of_class]]  # uint8 [C, 28, 28], C classes
    repeated = torch.from_numpy(originals).repeat_interleave(_WARPS_PER_DIGIT, dim=0)
    one_each = warps.model_copy(update={"images_per_warp": 1})
    warped = warp_images(repeated, one_each, torch.Generator().manual_seed(0)).round().to(torch.uint8)
    figure = warps_figure(originals, warped.numpy().reshape(-1, _WARPS_PER_DIGIT, *originals.shape[1:]))
    return stamp(figure, f"dataset {train_digits.dataset}, {len(split.train):,} training digits")
