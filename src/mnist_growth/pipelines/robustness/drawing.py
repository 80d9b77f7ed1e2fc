"""The figures of robustness."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch

from mnist_growth import figures
from mnist_growth.digits import Digits
from mnist_growth.digits.corruptions import SEVERITIES, corrupt
from mnist_growth.inspection.robustness import Norm, logits_of
from mnist_growth.inspection.robustness.config import RobustnessConfig
from mnist_growth.network import TrainedNetwork
from mnist_growth.pipelines.robustness.sample import Sample

_NORMS: tuple[Norm, ...] = ("l2", "linf")
_SHOWN = 6  # digits with their smallest changes


def draw_attacks(
    attacks: pd.DataFrame, certified: pd.DataFrame, digits: pd.DataFrame, provenance: str
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the accuracy under attacks and of the smallest changes."""
    where = _on(provenance, len(digits))
    return (
        figures.stamp(figures.attack_accuracy(attacks, certified), where),
        figures.stamp(figures.smallest_changes(digits), where),
    )


def draw_examples(
    trained: TrainedNetwork,
    sample: Sample,
    examples: Mapping[Norm, torch.Tensor],
    digits: pd.DataFrame,
    test_digits: Digits,
    provenance: str,
) -> go.Figure:
    """Return the gallery of digits and their smallest changes that cause a mistake."""
    names = test_digits.class_names
    correct = np.flatnonzero((digits["smallest_linf"] > 0) & np.isfinite(digits["smallest_linf"]))
    chosen = correct[np.linspace(0, len(correct) - 1, min(_SHOWN, len(correct))).astype(int)]
    images, captions, colors = [], [], []
    for row in chosen:
        # Whole grey values, as they are drawn, may lie on the other side of the boundary.
        changed = torch.stack([examples[norm][row] for norm in _NORMS])
        with logits_of(trained.network) as logits, torch.no_grad():
            answers = logits(changed).argmax(1).tolist()
        images += [sample.images[row], *np.round(255 * changed.numpy()).astype(np.uint8)]
        captions.append(f"{names[sample.labels[row]]}")
        colors += ["right", "wrong", "wrong"]
        for norm, title, answer in zip(_NORMS, ("length", "pixel"), answers, strict=True):
            captions.append(f"{names[answer]}<br>{title} {digits[f'smallest_{norm}'].iloc[row]:.2g}")
    return figures.stamp(figures.adversarial_examples(np.stack(images), captions, colors), provenance)


def draw_noise(noise: pd.DataFrame, weight_noise: pd.DataFrame, provenance: str) -> tuple[go.Figure, go.Figure]:
    """Return the figures of noise on pixels and on weights."""
    where = _on(provenance, int(noise["examples"].iloc[0]))
    return (
        figures.stamp(figures.noise_accuracy(noise), where),
        figures.stamp(figures.weight_noise(weight_noise), where),
    )


def draw_corruptions(
    corruptions: pd.DataFrame, sample: Sample, config: RobustnessConfig, provenance: str
) -> tuple[go.Figure, go.Figure, go.Figure]:
    """Return the figures of the accuracy on corrupted digits, of their calibration, and of one corrupted digit."""
    where = _on(provenance, len(sample.labels))
    images, captions = [], []
    for name in config.corruptions:
        for severity in SEVERITIES:
            images.append(corrupt(sample.images[:1], name, severity, config.seed)[0])
            captions.append(name.replace("_", " ") if severity == 1 else str(severity))
    return (
        figures.stamp(figures.corruption_accuracy(corruptions), where),
        figures.stamp(figures.corruption_calibration(corruptions), where),
        figures.stamp(figures.corruption_examples(np.stack(images), captions, len(SEVERITIES)), provenance),
    )


def _on(provenance: str, count: int) -> str:
    """The subtitle with the number of digits that were used."""
    return f"{provenance}<br>{count:,} of the test digits"
