import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from mnist_growth.digits import nearest, neighbours, sample_digits


def test_nearest_matches_scikit_learn(monkeypatch):
    monkeypatch.setattr(neighbours, "_QUERIES", 30)
    monkeypatch.setattr(neighbours, "_OTHERS", 170)  # several blocks, the last one smaller
    digits = sample_digits()
    images, others = digits.test.images[:100], digits.train.images[:600]

    index, distance, relative = nearest(images, others)

    flat, other_flat = (part.reshape(len(part), -1) / 255 for part in (images, others))
    expected, expected_index = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(other_flat).kneighbors(flat)
    assert index.tolist() == expected_index[:, 0].tolist()
    assert distance == pytest.approx(expected[:, 0])
    longer = np.maximum(np.linalg.norm(flat, axis=1), np.linalg.norm(other_flat[index], axis=1))
    assert relative == pytest.approx(distance / longer)


def test_copy_has_distance_zero():
    others = sample_digits().train.images[:50]

    index, distance, relative = nearest(others[[31, 7]], others)

    assert index.tolist() == [31, 7]
    assert distance.tolist() == relative.tolist() == [0, 0]


def test_relative_distance_is_divided_by_the_larger_norm():
    images, others = np.zeros((2, 1, 2, 2), np.uint8)
    images[0, 0, 0], others[0, 0, 0] = 255, 51  # lengths 1 and 0.2, in the same direction

    _, distance, relative = nearest(images, others)

    assert (distance[0], relative[0]) == pytest.approx((0.8, 0.8))


def test_blank_images_have_distance_zero():
    blank = np.zeros((1, 28, 28), np.uint8)

    assert nearest(blank, blank)[2].tolist() == [0]
