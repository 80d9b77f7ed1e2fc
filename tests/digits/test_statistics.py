import gzip
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnist_growth.digits.statistics import _CHUNK, pixel_statistics


@settings(deadline=None, max_examples=30)
@given(images=arrays(np.uint8, (5, 28, 28)), first=st.integers(0, 3))
def test_statistics_match_numpy_in_float64(images, first):
    indices = np.arange(first, 5)
    images[first, 0, :2] = 0, 255  # at least two values

    statistics = pixel_statistics(images, indices)

    scaled = images[first:].astype(np.float64) / 255
    assert statistics.mean == pytest.approx(scaled.mean(), rel=1e-12)
    assert statistics.std == pytest.approx(scaled.std(), rel=1e-10)
    assert statistics.count == 5 - first


def test_memory_map_of_several_chunks(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (2 * _CHUNK + 7, 28, 28), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    indices = np.arange(0, len(images), 2)[::-1]

    statistics = pixel_statistics(mapped, indices)

    scaled = images[indices] / 255
    assert statistics.mean == pytest.approx(scaled.mean(), rel=1e-12)
    assert statistics.std == pytest.approx(scaled.std(), rel=1e-12)


def test_hand_computed_histogram():
    images = np.zeros((4, 28, 28), dtype=np.uint8)
    images[0] = 255  # a quarter of the pixels is 1, the others are 0

    statistics = pixel_statistics(images, np.arange(4))

    assert statistics.mean == 0.25
    assert statistics.std == pytest.approx(math.sqrt(3) / 4, rel=1e-15)
    assert statistics.count == 4


def test_constant_images_are_rejected():
    images = np.full((3, 28, 28), 9, dtype=np.uint8)

    with pytest.raises(ValueError, match="3 training images have 1 different values, expected at least two"):
        pixel_statistics(images, np.arange(3))
    with pytest.raises(ValueError, match="0 training images"):
        pixel_statistics(images, np.arange(0))


@pytest.mark.skipif("MNIST_GROWTH_MIRROR" not in os.environ, reason="needs the MNIST files")
def test_statistics_of_mnist_training_images():
    folder = Path(os.environ["MNIST_GROWTH_MIRROR"])
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(60_000, 28, 28)

    statistics = pixel_statistics(images, np.arange(60_000))

    assert (round(statistics.mean, 4), round(statistics.std, 4)) == (0.1307, 0.3081)
