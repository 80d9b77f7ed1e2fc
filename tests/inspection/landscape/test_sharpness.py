import numpy as np
import pytest
import torch

from mnist_growth.inspection.landscape import sharpness
from mnist_growth.network import Score


class Quadratic:
    """Stands in for a network: the loss is a . w + w . D w / 2, without digits."""

    def __init__(self, centre, slope, curvature):
        self.present, self.slope, self.curvature = centre, slope, curvature

    def vector(self):
        return self.present

    def move_to(self, vector):
        self.present = vector

    def score(self, _images, _labels, vector=None):
        vector = self.present if vector is None else vector
        return Score(float(self.slope @ vector + vector @ (self.curvature * vector) / 2), 0.0)

    def gradient(self, _images, _labels, vector):
        return self.slope + self.curvature * vector


def test_of_a_plane_it_is_the_radius_times_the_scaled_slope():
    """max a . e over |e / |w|| <= r is r |w a|."""
    centre = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    slope = torch.tensor([0.3, 1.0, -4.0], dtype=torch.float64)

    found = sharpness(Quadratic(centre, slope, torch.zeros(3)), None, None, radius=0.1, steps=5)

    assert found == pytest.approx(0.1 * float((centre * slope).norm()))


def test_at_a_minimum_it_finds_the_direction_of_largest_curvature():
    """max e . D e / 2 over |e / |w|| <= r is r^2 max(w^2 D) / 2."""
    centre = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64)
    curvature = torch.tensor([6.0, 3.0, 1.0], dtype=torch.float64)
    minimum = Quadratic(centre, -centre * curvature, curvature)
    minimum.slope += 1e-5  # at the minimum itself there is no direction to begin with

    found = sharpness(minimum, None, None, radius=0.2, steps=60)

    assert found == pytest.approx(0.2**2 * 12 / 2, rel=2e-3)


def test_rescaling_weights_around_a_relu_changes_nothing(small):
    """Halving the last hidden layer's outputs and doubling the weights that take them in gives the same function."""
    weights = small.weights
    found = sharpness(weights, small.images, small.labels, radius=0.3, steps=8)
    with torch.no_grad():
        layer = small.network.hidden[1]
        sums = layer.linear if layer.norm is None else layer.norm
        sums.weight /= 2
        sums.bias /= 2
        small.network.output.weight *= 2
    other = sharpness(small.weights, small.images, small.labels, radius=0.3, steps=8)
    with torch.no_grad():
        sums.weight *= 2
        sums.bias *= 2
        small.network.output.weight /= 2

    assert found > 1e-3
    assert other == pytest.approx(found, rel=1e-9)


def test_a_larger_radius_gives_a_larger_increase(small):
    found = [sharpness(small.weights, small.images, small.labels, radius, steps=10) for radius in (0.05, 0.1, 0.2, 0.4)]

    assert np.all(np.diff(found) > 0)
