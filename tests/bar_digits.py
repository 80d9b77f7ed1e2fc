"""Small images whose class can be learned."""

import numpy as np

from mnist_growth.digits import Digits


def make_digits(count=240):
    """Images whose class can be learned: a bright bar at a height given by the class, in noise."""
    generator = np.random.default_rng(0)
    labels = np.arange(count, dtype=np.int64) % 10
    images = generator.integers(0, 60, (count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4 + 2 * label : 6 + 2 * label, 6:22] += 180
    return Digits(images, labels, "bars", "ab" * 32)
