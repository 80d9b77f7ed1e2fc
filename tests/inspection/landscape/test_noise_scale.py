import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mnist_growth.inspection.landscape import gradient_noise_scale


class Dealt:
    """Stands in for a network: the gradient of a batch is the mean of the vectors that its images name."""

    def __init__(self, vectors):
        self.vectors = vectors

    def gradient(self, _images, labels):
        return self.vectors[labels].mean(0)


def test_with_one_image_in_a_batch_it_is_the_ratio_of_the_unbiased_moments(small):
    labels = torch.zeros_like(small.labels)  # for which the network has not been trained: the gradient is not small
    singles = []
    for image, label in zip(small.images, labels, strict=True):
        loss = F.cross_entropy(small.network(image[None]), label[None])
        gradients = torch.autograd.grad(loss, list(small.network.parameters()))
        singles.append(torch.cat([gradient.flatten() for gradient in gradients]))
    gradients = torch.stack(singles).numpy()
    trace = gradients.var(axis=0, ddof=1).sum()
    signal = (gradients.mean(axis=0) ** 2).sum() - trace / len(gradients)

    found = gradient_noise_scale(small.weights, small.images, labels, batches=len(small.images))

    assert found.value == pytest.approx(trace / signal, rel=1e-9)


def test_gradients_of_known_mean_and_covariance_give_their_ratio():
    """With a mean of length 2 and a covariance of trace 50, it is 50 / 4."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(6_000, 50, generator=generator, dtype=torch.float64)
    vectors[:, 0] += 2
    images = torch.zeros(6_000, 28, 28, dtype=torch.uint8)

    found = gradient_noise_scale(Dealt(vectors), images, torch.arange(6_000), batches=20)

    assert found.low < 12.5 < found.high


def test_there_is_no_value_without_a_gradient():
    vectors = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]], dtype=torch.float64)

    found = gradient_noise_scale(Dealt(vectors), torch.zeros(4, 28, 28), torch.arange(4), batches=4)

    assert found.value is None
    assert found.high is None
    assert found.low >= 0


def test_a_gradient_that_may_be_zero_leaves_the_scale_unbounded_above():
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(400, 50, generator=generator, dtype=torch.float64)
    vectors[:, 0] += 0.2  # the scale is 50 / 0.04 = 1250, which 400 images cannot tell from an infinite one

    found = gradient_noise_scale(Dealt(vectors), torch.zeros(400, 28, 28), torch.arange(400), batches=20)

    assert 0 < found.low < 1250
    assert found.high is None


def test_sorted_digits_are_dealt_so_that_every_batch_has_all_classes():
    seen = []

    class Watching(Dealt):
        def gradient(self, images, labels):
            seen.append(sorted((labels // 10).tolist()))
            return super().gradient(images, labels)

    gradient_noise_scale(Watching(torch.ones(100, 2)), torch.zeros(100, 28, 28), torch.arange(100), batches=10)

    assert np.all(np.array(seen) == np.arange(10))
