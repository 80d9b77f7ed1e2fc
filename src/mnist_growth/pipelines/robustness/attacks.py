"""Attacks on a network."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import torch

from mnist_growth.inspection import gradient_norms
from mnist_growth.inspection.robustness import (
    Attack,
    Logits,
    Norm,
    ascend,
    fgsm,
    input_gradient_lengths,
    logits_of,
    nearest_mistakes,
    norms,
    pgd,
    smallest_changes,
)
from mnist_growth.inspection.robustness.config import RobustnessConfig
from mnist_growth.network import Network, TrainedNetwork
from mnist_growth.pipelines.robustness.sample import Sample, accuracy_table
from mnist_growth.progress import track

_CHUNK = 250  # digits attacked at once
_DEEPFOOL_STEPS = 30

Setting = tuple[str, Norm, float, int, int, float]
"""Attack, norm, epsilon, steps, restarts and step size."""

NORMS: tuple[Norm, ...] = ("linf", "l2")

_COLUMNS = ("attack", "norm", "epsilon", "steps", "restarts", "step_size")


class _Campaign:
    """All attacks on the digits of a sample; results are kept digit by digit.

    Attributes:
        correct: Number of digits that withstand each setting of an attack.
        checked: The same for the settings of the check for gradient masking.
        sizes: By norm, the smallest change known that the network errs on, float32 [N].
        examples: By norm, the changed digits, float32 [N, 28, 28].
        input_gradients: Lengths of the gradients of the loss with respect to the pixels, float32 [N].
    """

    def __init__(self, logits: Logits, other: Logits, sample: Sample, config: RobustnessConfig) -> None:
        self.logits, self.other, self.config = logits, other, config
        self.pixels, self.labels = sample.pixels, sample.truth
        self.correct: Counter[Setting] = Counter()
        self.checked: Counter[Setting] = Counter()
        self.sizes = {norm: torch.full((len(self.labels),), torch.inf) for norm in NORMS}
        self.examples = {norm: self.pixels.clone() for norm in NORMS}
        self.input_gradients = torch.zeros(len(self.labels))
        self._fooled = {norm: torch.zeros(len(self.labels), dtype=torch.bool) for norm in NORMS}

    def tasks(self) -> list[Callable[[], None]]:
        """Return what is to be done, in pieces of a second or so."""
        settings = self.config.attacks
        epsilons, lengths = sorted(settings.epsilons), sorted(settings.l2_epsilons)
        tasks: list[Callable[[], None]] = []
        for start in range(0, len(self.labels), _CHUNK):
            rows = slice(start, start + _CHUNK)
            tasks += [partial(self._find_smallest, "linf", rows), partial(self._find_smallest, "l2", rows)]
            tasks += [partial(self._attack_once, epsilon, rows) for epsilon in epsilons]
            tasks += [partial(self._ascend, "linf", epsilon, rows) for epsilon in epsilons]
            tasks += [partial(self._ascend, "l2", epsilon, rows) for epsilon in lengths]
            tasks.append(partial(self._check, rows))
        return tasks

    def _attack_once(self, epsilon: float, rows: slice) -> None:
        """FGSM, and the black-box attack."""
        pixels, labels = self.pixels[rows], self.labels[rows]
        attack = self.config.attacks.attack("linf", epsilon, self.config.seed)
        self._count(
            self.correct, ("fgsm", "linf", epsilon, 1, 1, epsilon), fgsm(self.logits, pixels, labels, epsilon), rows
        )
        transferred = ascend(self.other, pixels, labels, attack)
        self._count(self.correct, ("transfer", "linf", epsilon, attack.steps, 1, attack.step_size), transferred, rows)

    def _ascend(self, norm: Norm, epsilon: float, rows: slice) -> None:
        """Projected gradient ascent on the digits that withstand all smaller changes."""
        attack = self.config.attacks.attack(norm, epsilon, self.config.seed)
        known = self._fooled[norm][rows]
        found, fooled = pgd(self.logits, self.pixels[rows], self.labels[rows], attack, known)
        self._keep(norm, rows, found, fooled & ~known)
        self._fooled[norm][rows] = fooled
        name = "pgd" if norm == "linf" else "pgd_l2"
        setting = (name, norm, epsilon, attack.steps, attack.restarts, attack.step_size)
        self.correct[setting] += int((~fooled).sum())

    def _check(self, rows: slice) -> None:
        """Attack with more and more steps and then from more starts; one attack does not use what another found."""
        settings = self.config.attacks
        epsilon = settings.checked_epsilon
        counts = [(steps, 1) for steps in sorted(settings.checked_steps)]
        counts.append((max(settings.checked_steps), settings.checked_restarts))
        step_size = settings.relative_step_size * epsilon
        for steps, restarts in dict.fromkeys(counts):
            attack = Attack("linf", epsilon, steps, step_size, restarts, self.config.seed)
            _, fooled = pgd(self.logits, self.pixels[rows], self.labels[rows], attack)
            self.checked["pgd", "linf", epsilon, steps, restarts, step_size] += int((~fooled).sum())
        attack = Attack("linf", epsilon, settings.steps, step_size, 1, self.config.seed)
        transferred = ascend(self.other, self.pixels[rows], self.labels[rows], attack)
        self._count(self.checked, ("transfer", "linf", epsilon, settings.steps, 1, step_size), transferred, rows)

    def _find_smallest(self, norm: Norm, rows: slice) -> None:
        pixels, labels = self.pixels[rows], self.labels[rows]
        steps = smallest_changes(
            self.logits, pixels, labels, norm, steps=_DEEPFOOL_STEPS, refinements=self.config.attacks.refinements
        )
        for examples, sizes in steps:
            self.examples[norm][rows], self.sizes[norm][rows] = examples, sizes
        if norm == "l2":
            self.input_gradients[rows] = input_gradient_lengths(self.logits, pixels, labels)

    def _keep(self, norm: Norm, rows: slice, examples: torch.Tensor, fooled: torch.Tensor) -> None:
        """Keep adversarial examples that, moved back to the boundary, are nearer than those known so far."""
        pixels = self.pixels[rows]
        back = nearest_mistakes(self.logits, pixels[fooled], examples[fooled], self.labels[rows][fooled])
        examples = examples.masked_scatter(fooled[:, None, None].expand_as(examples), back)
        sizes = norms(examples - pixels, norm)
        nearer = fooled & (sizes < self.sizes[norm][rows])
        self.sizes[norm][rows] = torch.where(nearer, sizes, self.sizes[norm][rows])
        self.examples[norm][rows] = torch.where(nearer[:, None, None], examples, self.examples[norm][rows])

    @torch.no_grad()
    def _count(self, results: Counter[Setting], setting: Setting, changed: torch.Tensor, rows: slice) -> None:
        results[setting] += int((self.logits(changed).argmax(1) == self.labels[rows]).sum())


def attack_network(
    trained: TrainedNetwork, surrogate: Network, sample: Sample, config: RobustnessConfig
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[Norm, torch.Tensor]]:
    """Attack a network.

    Returns:
        - One row per attack and epsilon: ``attack`` ("fgsm", "pgd", "pgd_l2" or "transfer"), ``norm``, ``epsilon``,
          ``steps``, ``restarts``, ``step_size``, and the accuracy as ``accuracy_table`` gives it.
        - The same columns for attacks of growing strength at one epsilon, and for the black-box attack.
        - One row per digit: ``index``, ``label``, ``prediction``, ``smallest_linf`` and ``smallest_l2`` (norm of the
          smallest change known that the network errs on; 0 for its mistakes, infinite where none was found),
          ``input_gradient`` and ``parameter_gradient`` (lengths of the gradients of the loss with respect to pixels
          from 0 to 1 and to the parameters).
        - The digits with those changes, by norm, float32 [N, 28, 28].
    """
    with logits_of(trained.network) as logits, logits_of(surrogate) as other:
        campaign = _Campaign(logits, other, sample, config)
        tasks = campaign.tasks()
        for task in track(tasks, len(tasks)):
            task()
    digits = pd.DataFrame(
        {
            "index": sample.index,
            "label": sample.labels,
            "prediction": sample.prediction,
            "smallest_linf": campaign.sizes["linf"].double().numpy(),
            "smallest_l2": campaign.sizes["l2"].double().numpy(),
            "input_gradient": campaign.input_gradients.double().numpy(),
            "parameter_gradient": gradient_norms(trained.network, sample.images, sample.labels).astype(np.float64),
        }
    )
    return (
        _table(campaign.correct, sample),
        _table(campaign.checked, sample),
        digits,
        campaign.examples,
    )


def _table(results: Counter[Setting], sample: Sample) -> pd.DataFrame:
    rows = [{**dict(zip(_COLUMNS, setting, strict=True)), "correct": count} for setting, count in results.items()]
    table = accuracy_table(rows, len(sample.labels))
    order = ["fgsm", "pgd", "transfer", "pgd_l2"]
    return table.sort_values("attack", key=lambda names: names.map(order.index), kind="stable", ignore_index=True)
