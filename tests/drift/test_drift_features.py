import numpy as np
import pytest

from mnist_growth.digits import measure_style, sample_digits
from mnist_growth.drift import FEATURES, measure_images


def test_features_do_not_depend_on_other_images():
    images = sample_digits().test.images[:20]
    means = images.mean(axis=(1, 2)) / 255

    features = measure_images(means, images, np.arange(20) % 10, np.full(20, 0.98765))

    style = measure_style(images)
    assert [*features] == [*FEATURES]
    assert features["pixel_mean"] == pytest.approx(images.mean(axis=(1, 2)) / 255)
    assert features["ink"] == pytest.approx(features["pixel_mean"])
    assert features["slant"].tolist() == style.slant.tolist()
    assert features["thickness"].tolist() == style.thickness.tolist()
    assert features["digit"].tolist() == (np.arange(20) % 10).tolist()
    assert features["confidence"].tolist() == [0.99] * 20
