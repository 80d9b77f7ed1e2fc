"""Digits to try on the drawing page."""

import functools
import io

import numpy as np
from PIL import Image

from mnist_growth.digits import NUM_CLASSES, sample_digits


@functools.cache
def example_strip() -> bytes:
    """Return a PNG of 280 x 28 pixels with one test digit of each class of the bundled sample, side by side."""
    test = sample_digits().test
    first = [int(np.flatnonzero(test.labels == digit)[0]) for digit in range(NUM_CLASSES)]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(test.images[first], axis=1)).save(file, "PNG")
    return file.getvalue()
