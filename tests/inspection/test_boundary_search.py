import pytest
import torch

from mnist_growth.inspection.boundary_search import crossings, leads_over, nearest_class

GENERATOR = torch.Generator().manual_seed(0)
WEIGHT = torch.randn(784, 4, generator=GENERATOR, dtype=torch.float64)
POINTS = torch.rand(3, 28, 28, generator=GENERATOR, dtype=torch.float64)
CLASSES = torch.tensor([0, 3, 1])


def logits(points):
    return points.flatten(1).square() @ WEIGHT


def test_leads_and_their_gradients_are_those_of_the_jacobian():
    gradients, leads = leads_over(logits, POINTS, CLASSES)

    for row, label in enumerate(CLASSES):
        outputs = logits(POINTS[row : row + 1])[0]
        torch.testing.assert_close(leads[row], outputs - outputs[label])
        jacobian = torch.autograd.functional.jacobian(lambda point: logits(point[None])[0], POINTS[row])
        torch.testing.assert_close(gradients[row], jacobian - jacobian[label])
    assert not gradients.requires_grad


def test_the_nearest_class_has_the_smallest_distance_whatever_the_sign_of_its_lead():
    leads = torch.tensor([[0.0, -4.0, 3.0], [-4.0, 0.0, -3.0], [-1.0, -2.0, 0.0]])
    lengths = torch.tensor([[1.0, 4.0, 1.0], [1.0, 1.0, 1.0], [1.0, 4.0, 1.0]])

    assert nearest_class(leads, lengths, torch.tensor([0, 1, 2])).tolist() == [1, 2, 1]


@pytest.mark.parametrize("halvings", [1, 8, 30])
def test_the_crossing_is_beyond_the_boundary_and_as_near_as_the_halvings_allow(halvings):
    inside, beyond = torch.zeros(2, 28, 28, dtype=torch.float64), torch.ones(2, 28, 28, dtype=torch.float64)
    boundary = torch.tensor([0.3, 0.7])

    found = crossings(lambda points: points[:, 0, 0] > boundary, inside, beyond, halvings)[:, 0, 0]

    assert (found > boundary).all()
    assert (found - boundary <= 0.5**halvings).all()
