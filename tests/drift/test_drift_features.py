import numpy as np
import pytest

from mnist_growth.digits import measure_style, sample_digits
from mnist_growth.drift import FEATURES, measure_images, pixel_mean


def test_features_do_not_depend_on_other_images():
    images = sample_digits().test.images[:20]
    means = np.array([pixel_mean(image) for image in images])

    features = measure_images(means, images, np.arange(20) % 10, np.full(20, 0.98765))

    style = measure_style(images)
    assert [*features] == [*FEATURES]
    assert features["pixel_mean"] == pytest.approx(images.mean(axis=(1, 2)) / 255)
    assert features["ink"] == pytest.approx(features["pixel_mean"])
    assert features["slant"].tolist() == style.slant.tolist()
    assert features["thickness"].tolist() == style.thickness.tolist()
    assert features["digit"].tolist() == (np.arange(20) % 10).tolist()
    assert features["confidence"].tolist() == [0.99] * 20


def test_the_mean_of_an_image_does_not_depend_on_its_size():
    small = np.array([[0, 255], [255, 255]], np.uint8)

    assert pixel_mean(small) == pixel_mean(small.repeat(50, axis=0).repeat(50, axis=1)) == 0.75
