"""Attacks: small changes of images that a network errs on."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mnist_growth.inspection.robustness.margins import Logits, gradient, wrong_odds

Norm = Literal["linf", "l2"]
"""How the size of a change is measured: the largest change of a pixel, or the Euclidean length of all changes."""


@dataclass(frozen=True)
class Attack:
    """Settings of projected gradient ascent.

    Attributes:
        norm: Of the changes.
        epsilon: Largest norm of a change, of pixels from 0 to 1.
        steps: Gradient steps from each start.
        step_size: Norm of the change in a step.
        restarts: Number of starts. The first is the image itself, the others are random points within epsilon.
        seed: Of the random starts.
    """

    norm: Norm
    epsilon: float
    steps: int
    step_size: float
    restarts: int
    seed: int


def fgsm(logits: Logits, pixels: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Return x + epsilon sign(dL/dx), clipped to 0 and 1, with the sign of 0 being 0.

    Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", ICLR 2015, section 4.

    Args:
        logits: A network.
        pixels: x, float [N, 28, 28], from 0 to 1.
        labels: int64 [N].
        epsilon: Change of each pixel.
    """
    ascent, _ = gradient(logits, pixels, labels, wrong_odds)
    return (pixels + epsilon * ascent.sign()).clamp(0, 1)


def pgd(
    logits: Logits, pixels: Tensor, labels: Tensor, attack: Attack, known: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return adversarial examples by projected gradient ascent, and for which images there is one.

    Madry et al., "Towards deep learning models resistant to adversarial attacks", ICLR 2018, section 2.1. Every point
    on the way counts: the attack of an image ends as soon as one of them is misclassified, so that more steps and
    restarts never make it weaker.

    Args:
        logits: A network.
        pixels: Float [N, 28, 28], from 0 to 1.
        labels: int64 [N].
        attack: Settings.
        known: Bool [N], images that are not attacked because an adversarial example is known.

    Returns:
        Float [N, 28, 28], the images themselves where no adversarial example was found, and bool [N], which includes
        ``known``.
    """
    examples = pixels.clone()
    fooled = torch.zeros(len(pixels), dtype=torch.bool) if known is None else known.clone()
    generator = torch.Generator().manual_seed(attack.seed)
    for restart in range(attack.restarts):
        start = pixels if restart == 0 else random_start(pixels, attack, generator)
        rows = torch.nonzero(~fooled)[:, 0]
        moved, original, truth = start[rows], pixels[rows], labels[rows]
        for step in range(attack.steps + 1):
            if len(rows) == 0:
                break
            ascent, outputs = gradient(logits, moved, truth, wrong_odds)
            wrong = outputs.argmax(1) != truth
            examples[rows[wrong]], fooled[rows[wrong]] = moved[wrong], True
            rows, original, truth = rows[~wrong], original[~wrong], truth[~wrong]
            moved, ascent = moved[~wrong], ascent[~wrong]
            if step < attack.steps:
                moved = project(moved + attack.step_size * direction(ascent, attack.norm), original, attack)
    return examples, fooled


def project(pixels: Tensor, original: Tensor, attack: Attack) -> Tensor:
    """Return the nearest points within epsilon of the originals, clipped to 0 and 1."""
    change = pixels - original
    if attack.norm == "linf":
        change = change.clamp(-attack.epsilon, attack.epsilon)
    else:
        change = change * (attack.epsilon / _lengths(change).clamp(min=1e-12)).clamp(max=1)
    return (original + change).clamp(0, 1)


def norms(change: Tensor, norm: Norm) -> Tensor:
    """Return the norm of each change [N] of images [N, 28, 28]."""
    flat = change.flatten(1)
    return flat.abs().amax(1) if norm == "linf" else torch.linalg.vector_norm(flat, dim=1)


def direction(ascent: Tensor, norm: Norm) -> Tensor:
    """Return the step of norm 1 that raises a linear function with this gradient most; 0 where the gradient is 0."""
    return ascent.sign() if norm == "linf" else ascent / _lengths(ascent).clamp(min=1e-12)


def random_start(pixels: Tensor, attack: Attack, generator: torch.Generator) -> Tensor:
    """Return points that are uniformly distributed within epsilon, clipped to 0 and 1."""
    if attack.norm == "linf":
        change = (2 * torch.rand(pixels.shape, generator=generator) - 1) * attack.epsilon
    else:
        change = torch.randn(pixels.shape, generator=generator)
        radius = attack.epsilon * torch.rand(len(pixels), 1, 1, generator=generator) ** (1 / pixels[0].numel())
        change = change * radius / _lengths(change)
    return (pixels + change).clamp(0, 1)


def _lengths(change: Tensor) -> Tensor:
    """Return Euclidean lengths, [N, 1, 1]."""
    lengths: Tensor = torch.linalg.vector_norm(change.flatten(1), dim=1)
    return lengths[:, None, None]


def ascend(logits: Logits, pixels: Tensor, labels: Tensor, attack: Attack) -> Tensor:
    """Return the ends of projected gradient ascent from the images themselves, for an attack on another network.

    The ascent does not stop where it fools the network whose gradients it follows: what fools that one most is most
    likely to fool another one, too (Papernot, McDaniel and Goodfellow, "Transferability in machine learning", 2016).

    Args:
        logits: The network that the gradients are of.
        pixels: Float [N, 28, 28], from 0 to 1.
        labels: int64 [N].
        attack: Settings; ``restarts`` and ``seed`` are not used.

    Returns:
        Float [N, 28, 28].
    """
    moved = pixels
    for _ in range(attack.steps):
        ascent, _ = gradient(logits, moved, labels, wrong_odds)
        moved = project(moved + attack.step_size * direction(ascent, attack.norm), pixels, attack)
    return moved
