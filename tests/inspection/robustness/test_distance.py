"""The smallest changes that fool a network."""

import itertools

import pytest
import torch

from mnist_growth.inspection.robustness import Attack, logits_of, nearest_mistakes, norms, pgd, smallest_changes


def nearest(logits, pixels, labels, norm, steps=20, refinements=5):
    *_, last = smallest_changes(logits, pixels, labels, norm, steps=steps, refinements=refinements)
    return last


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_for_a_linear_network_they_end_at_the_nearest_plane(linear, norm):
    function = linear(classes=6, scale=0.02)
    images = 0.5 + 0.05 * torch.randn(20, 28, 28, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    outputs = function(images)
    labels = outputs.argmax(1)
    _, sizes = nearest(function, images, labels, norm)
    for output, label, size in zip(outputs, labels, sizes, strict=True):
        normals = function.weight - function.weight[label]
        dual = normals.abs().sum(1) if norm == "linf" else normals.norm(dim=1)
        expected = min(float((output[label] - output[k]) / dual[k]) for k in range(6) if k != int(label))
        assert float(size) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_examples_are_as_far_as_they_say_and_misclassified(attacked_network, pixels, labels, norm):
    with logits_of(attacked_network) as logits:
        examples, sizes = nearest(logits, pixels[:100], labels[:100], norm)
        with torch.no_grad():
            answers = logits(examples).argmax(1)
            right = logits(pixels[:100]).argmax(1) == labels[:100]
    assert torch.isfinite(sizes).all()
    assert (answers != labels[:100]).all()
    torch.testing.assert_close(norms(examples - pixels[:100], norm), sizes, atol=1e-6, rtol=1e-5)
    assert torch.equal(sizes > 0, right)
    assert examples.min() >= 0
    assert examples.max() <= 1


@pytest.mark.parametrize(("norm", "step_size"), [("linf", 0.01), ("l2", 0.1)])
def test_they_are_smaller_than_what_an_attack_needs(attacked_network, pixels, labels, norm, step_size):
    """The share of digits within epsilon is at least nearly what projected gradient ascent finds."""
    with logits_of(attacked_network) as logits:
        _, sizes = nearest(logits, pixels[:200], labels[:200], norm, refinements=10)
        epsilon = float(sizes.median())
        attack = Attack(norm, epsilon, steps=40, step_size=step_size, restarts=2, seed=0)
        _, fooled = pgd(logits, pixels[:200], labels[:200], attack)
    assert float((sizes <= epsilon).float().mean()) >= float(fooled.float().mean()) - 0.08


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_refinements_only_shorten_them(attacked_network, pixels, labels, norm):
    with logits_of(attacked_network) as logits:
        series = [
            sizes.clone()
            for _, sizes in smallest_changes(logits, pixels[:50], labels[:50], norm, steps=20, refinements=5)
        ]
    finite = [sizes for sizes in series if torch.isfinite(sizes).all()]
    assert len(finite) >= 5
    assert all((after <= before).all() for before, after in itertools.pairwise(finite))
    assert finite[-1].sum() < finite[0].sum()


def test_bisection_ends_on_the_wrong_side_next_to_the_boundary(attacked_network, pixels, labels):
    with logits_of(attacked_network) as logits, torch.no_grad():
        right = logits(pixels[:100]).argmax(1) == labels[:100]
        inside, truth = pixels[:100][right], labels[:100][right]
        far = pixels[torch.randperm(100, generator=torch.Generator().manual_seed(0))][right]
        wrong = logits(far).argmax(1) != truth
        inside, truth, far = inside[wrong], truth[wrong], far[wrong]
        found = nearest_mistakes(logits, inside, far, truth)
        assert (logits(found).argmax(1) != truth).all()
        share = norms(found - inside, "l2") / norms(far - inside, "l2")
        before = torch.lerp(inside, far, (share - 1e-3)[:, None, None])
        assert (logits(before).argmax(1) == truth).all()
        assert (share < 1).all()


def test_the_network_is_not_changed(attacked_network, pixels, labels, unchanged):
    with unchanged(attacked_network, pixels.numpy(), labels.numpy()), logits_of(attacked_network) as logits:
        nearest(logits, pixels[:5], labels[:5], "l2")
