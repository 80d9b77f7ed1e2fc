"""The search for architectures by growth and pruning, layer by layer."""

from pathlib import Path

from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.search_config import MethodName, SearchConfig
from mnist_growth.studies.search_space import SearchSpace
from mnist_growth.studies.search_trials import LayerByLayer
from mnist_growth.studies.trial import Trial


class GrowthSearch:
    """Widens a network layer by layer, cools a copy down at each stage, and prunes copies of the last one.

    Args:
        space: Defines the trainings.
        config: Widths, stages and budget.
        folder: Of the study, for checkpoints and networks.

    Attributes:
        trunk: The training that grows.
        trainings: Number of trainings, the trunk included.
    """

    method: MethodName = "growth"

    def __init__(self, space: SearchSpace, config: SearchConfig, folder: Path) -> None:
        self.seed = space.seed
        self.ended: list[tuple[Trial, Outcome]] = []
        limits, pruned = planned_growth(space, config)
        self.trunk: LayerByLayer = space.trunk(limits, folder)
        grown = [space.grown(self.trunk, stage) for stage in range(len(limits))]
        self._waiting: list[Trial] = [
            *grown,
            *(space.pruned(self.trunk, len(grown) + number, limit) for number, limit in enumerate(pruned, start=1)),
        ]
        self.trainings = 1 + len(self._waiting)
        self._is_begun = self._is_grown = False

    @property
    def is_done(self) -> bool:
        """Whether there is no further training."""
        return not self._waiting

    def ask(self) -> Trial | None:
        """Return the next training; see ``Search.ask``. All depend on the trunk."""
        if not self._is_begun:
            self._is_begun = True
            return self.trunk
        return self._waiting.pop(0) if self._is_grown and self._waiting else None

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Learn how a training has ended; without the trunk there are no others."""
        self.ended.append((trial, outcome))
        if trial is self.trunk:
            self._is_grown = True
            if outcome.state != "finished":
                self._waiting.clear()


def planned_growth(space: SearchSpace, config: SearchConfig) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what the budget of the growing network pays for.

    Returns:
        The largest number of multiply-adds of an image in each stage of growth, and after each pruning.

    Raises:
        ValueError: The budget does not pay for one stage.
    """
    growth, widest = config.growth, space.widest.forward_multiply_adds
    left = growth.budget_share * config.budget_multiply_adds
    narrow = space.spec(*[config.min_width] * growth.hidden_layers).forward_multiply_adds
    per_epoch = space.images * space.widest.training_multiply_adds // widest
    limits: list[int] = []
    while not limits or limits[-1] < widest:
        limit = min(int(narrow * growth.stage_factor ** len(limits)), widest)
        cost = limit * per_epoch * (growth.stage_epochs + growth.cool_down_epochs)
        if cost > left:
            break
        limits.append(limit)
        left -= cost
    if not limits:
        raise ValueError(
            f"Parameter 'search.budget_multiply_adds' is {config.budget_multiply_adds:.3g}, but the share of growth, "
            f"{left:.3g}, does not pay for its first stage, {cost:.3g}; increase the budget or "
            "'search.growth.budget_share'."
        )
    pruned: list[int] = []
    for share in growth.pruned_shares:
        limit = int(share * limits[-1])
        cost = limit * per_epoch * growth.cool_down_epochs
        if narrow <= limit and cost <= left:
            pruned.append(limit)
            left -= cost
    return tuple(limits), tuple(pruned)
