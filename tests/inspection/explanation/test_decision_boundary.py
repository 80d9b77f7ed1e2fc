"""Margins and planes."""

import importlib
import warnings

import pytest
import torch
from explained import IMAGES, bypass, linear_like, mlp

from mnist_growth.inspection.explanation import margins, plane_through, principal_plane, probabilities_on

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import foolbox

KINDS = {"mlp": mlp, "bypass": bypass}


@torch.no_grad()
def predicted(network):
    return network(IMAGES).argmax(dim=1)


def closed_form(network, classes):
    """Distances to the planes between the classes of an affine network, on the scale 0 to 1: float [N, C]."""
    first, last = network.affine_chain()
    weights = torch.from_numpy(last.weight @ first.weight) * 255
    with torch.no_grad():
        logits = network(IMAGES)
    differences = weights[classes].unsqueeze(1) - weights
    ahead = logits.gather(1, classes[:, None]) - logits
    return (ahead / differences.norm(dim=2)).scatter(1, classes[:, None], torch.inf)


def test_margins_of_an_affine_network_are_the_distances_to_the_planes_between_its_classes():
    network = linear_like()
    classes = predicted(network)
    distances = closed_form(network, classes)
    found = margins(network, IMAGES, classes)
    torch.testing.assert_close(found.distance, distances.amin(dim=1), rtol=1e-4, atol=0)
    assert torch.equal(found.classes, distances.argmin(dim=1))


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_points_are_just_beyond_the_boundary(make):
    network = make()
    classes = predicted(network)
    found = margins(network, IMAGES, classes)
    with torch.no_grad():
        beyond = network(found.points).argmax(dim=1)
        before = network(IMAGES + 0.999 * (found.points - IMAGES)).argmax(dim=1)
    assert (beyond != classes).all()
    assert torch.equal(beyond, found.classes)
    assert torch.equal(before, classes)
    torch.testing.assert_close(found.distance, (found.points - IMAGES).flatten(1).norm(dim=1) / 255)


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_margins_are_no_longer_than_those_of_foolbox(make):
    network = make()
    classes = predicted(network)
    bounds = (-10_000, 10_000)  # so that neither is limited
    model = foolbox.PyTorchModel(network, bounds=bounds, device="cpu", preprocessing=None)
    attack = foolbox.attacks.L2DeepFoolAttack(steps=50, candidates=10, overshoot=0.0001)
    _, clipped, success = attack(model, IMAGES, classes, epsilons=None)
    theirs = (clipped - IMAGES).flatten(1).norm(dim=1) / 255
    ours = margins(network, IMAGES, classes).distance
    assert (ours[success] <= theirs[success] * 1.01).all()
    assert success.any()


def test_moving_along_the_boundary_shortens_the_margins(monkeypatch):
    network = mlp()
    classes = predicted(network)
    shortened = margins(network, IMAGES, classes).distance
    monkeypatch.setattr(importlib.import_module("mnist_growth.inspection.explanation.margin"), "_PROJECTIONS", 0)
    first = margins(network, IMAGES, classes).distance
    assert (shortened <= first).all()
    assert (shortened < 0.999 * first).any()


def test_a_target_is_reached_and_is_no_nearer_than_the_nearest_class():
    network = mlp()
    classes = predicted(network)
    nearest = margins(network, IMAGES, classes)
    targets = (nearest.classes + 1) % 10
    targets = torch.where(targets == classes, (targets + 1) % 10, targets)
    found = margins(network, IMAGES, classes, targets)
    reached = found.distance.isfinite()
    assert reached.float().mean() > 0.5
    assert torch.equal(found.classes[reached], targets[reached])
    assert (found.distance >= nearest.distance * 0.99).all()


def test_a_plane_goes_through_its_images():
    plane = plane_through(IMAGES[:3])
    coordinates = plane.coordinates(IMAGES[:3])
    torch.testing.assert_close(plane.images(coordinates), IMAGES[:3])
    torch.testing.assert_close(torch.einsum("kij,lij->kl", plane.axes, plane.axes), torch.eye(2).double())
    assert coordinates[0].abs().max() < 1e-9
    assert coordinates[1, 1].abs() < 1e-9
    with pytest.raises(ValueError, match="on one line"):
        plane_through(torch.stack([IMAGES[0], IMAGES[1], (IMAGES[0] + IMAGES[1]) / 2]))


def test_the_principal_plane_has_the_largest_variance_of_all_planes():
    plane = principal_plane(IMAGES)
    scales = torch.linalg.svdvals((IMAGES - IMAGES.mean(dim=0)).flatten(1))
    assert plane.coordinates(IMAGES).norm(dim=0).numpy() == pytest.approx(scales[:2].numpy())


@torch.no_grad()
def test_probabilities_on_a_plane_are_those_of_its_images():
    network, plane = mlp(), plane_through(IMAGES[:3])
    found = probabilities_on(network, plane, plane.coordinates(IMAGES[:3]))
    torch.testing.assert_close(found, network(IMAGES[:3]).softmax(dim=1))


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_networks_are_left_as_they_were_at_the_boundary(make, unchanged):
    network = make()
    with unchanged(network, IMAGES.numpy()):
        margins(network, IMAGES, predicted(network))
        probabilities_on(network, plane_through(IMAGES[:3]), torch.zeros(2, 2).double())
