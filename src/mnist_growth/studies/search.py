"""The search for architectures: growth and pruning layer by layer, evolution, and random choices."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from mnist_growth.studies.data import StudyData
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.search_config import MethodName, SearchConfig
from mnist_growth.studies.search_objectives import objectives
from mnist_growth.studies.search_trials import Architecture, LayerByLayer, SearchSpace
from mnist_growth.studies.trial import Recipe, Trial


class Search(Protocol):
    """Chooses the trainings of one method with one seed.

    Attributes:
        method: How it chooses.
        seed: Of its choices and its trainings.
        ended: Its trainings that have ended, in any order.
    """

    method: MethodName
    seed: int
    ended: list[tuple[Trial, Outcome]]

    @property
    def is_done(self) -> bool:
        """Whether there is no further training."""

    def ask(self) -> Trial | None:
        """Return the next training; None if it depends on one that is running, or if there is none."""

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Learn how a training has ended."""


class SampledSearch:
    """Chooses widths and depth with a sampler of Optuna, as long as the budget pays for the training.

    Its choices depend on nothing but the seed and the outcomes before, so an interrupted search makes them again.

    Args:
        method: ``evolution`` (NSGA-II, Deb et al., 2002) or ``random``.
        space: Defines the trainings.
        config: Widths, depths and budget.
    """

    def __init__(self, method: MethodName, space: SearchSpace, config: SearchConfig) -> None:
        import optuna
        from optuna.distributions import BaseDistribution, IntDistribution
        from optuna.samplers import NSGAIISampler, RandomSampler

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.method, self.seed = method, space.seed
        self.ended: list[tuple[Trial, Outcome]] = []
        self.is_done = False
        self._space, self._config = space, config
        self._left = config.budget_multiply_adds
        self._asked: dict[int, optuna.Trial] = {}
        units = config.min_width // config.width_step, config.max_width // config.width_step
        self._distributions: dict[str, BaseDistribution] = {
            "hidden_layers": IntDistribution(config.min_hidden_layers, config.max_hidden_layers),
            **{f"width_{layer}": IntDistribution(*units, log=True) for layer in range(config.max_hidden_layers)},
        }
        sampler: optuna.samplers.BaseSampler = (
            RandomSampler(seed=space.seed)
            if method == "random"
            else NSGAIISampler(population_size=config.population, seed=space.seed)
        )
        self._study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)

    def ask(self) -> Architecture | None:
        """Return the next training; see ``Search.ask``. That of evolution depends on all before it."""
        if self.is_done or (self._asked and self.method == "evolution"):
            return None
        asked = self._study.ask(self._distributions)
        layers = asked.params["hidden_layers"]
        widths = tuple(asked.params[f"width_{layer}"] * self._config.width_step for layer in range(layers))
        trial = self._space.architecture(self.method, asked.number + 1, widths)
        if trial.work > self._left:
            self.is_done = True
            return None
        self._left -= trial.work
        self._asked[trial.changes["number"]] = asked
        return trial

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Learn the error and the cost of a network. Both are compared on a logarithmic scale."""
        from optuna.trial import TrialState

        asked = self._asked.pop(trial.changes["number"])
        if outcome.state == "finished":
            values = objectives(outcome.forward_multiply_adds, outcome.value("validation_accuracy"))
            self._study.tell(asked, values.tolist())
        else:
            self._study.tell(asked, state=TrialState.FAIL)
        self.ended.append((trial, outcome))


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


class Searches:
    """All searches of a study, whose trainings share the workers.

    Args:
        searches: Those that come first get free workers first.
        widest: The training of the widest network, which takes most memory.
        expected: Number of trainings, about: how many evolution needs depends on its choices.
    """

    def __init__(self, searches: Sequence[Search], widest: Trial, expected: int) -> None:
        self.searches, self.widest, self.expected = searches, widest, expected
        self._asked: dict[int, tuple[Trial, Search]] = {}

    def trials(self) -> Iterator[Trial | None]:
        """Yield the next training of any search that has one; None while all wait for those that are running."""
        while True:
            trial = next((trial for search in self.searches if (trial := self._ask(search)) is not None), None)
            if trial is None and all(search.is_done for search in self.searches):
                return
            yield trial

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Let the search of a training know how it has ended."""
        _, search = self._asked.pop(id(trial))
        search.tell(trial, outcome)

    def _ask(self, search: Search) -> Trial | None:
        trial = search.ask()
        if trial is not None:
            self._asked[id(trial)] = trial, search
        return trial


def define_searches(config: SearchConfig, recipe: Recipe, data: StudyData, folder: Path) -> Searches:
    """Return the searches of a study: one for each method and seed.

    Args:
        config: Methods, seeds, widths and budget.
        recipe: Of the trainings.
        data: Digits.
        folder: Of the study, for checkpoints and networks.

    Raises:
        ValueError: A value is not allowed, or the budget does not pay for one training.
    """
    first = recipe.training.seed
    spaces = [SearchSpace(config, recipe, data.train, data.split, seed) for seed in range(first, first + config.seeds)]
    widest = spaces[0].architecture("random", 0, spaces[0].widest.widths)
    if widest.work > config.budget_multiply_adds:
        raise ValueError(
            f"Parameter 'search.budget_multiply_adds' is {config.budget_multiply_adds:.3g}, but the training of the "
            f"widest network takes {widest.work:.3g}; increase it or decrease 'search.max_width'."
        )
    searches: list[Search] = []
    expected = 0
    for method in config.methods:
        for space in spaces:
            if method == "growth":
                growth = GrowthSearch(space, config, folder)
                searches.append(growth)
                expected += growth.trainings
            else:
                searches.append(SampledSearch(method, space, config))
                expected += _affordable_choices(space, config)
    return Searches(searches, widest, expected)


def _affordable_choices(space: SearchSpace, config: SearchConfig) -> int:
    """Return how many random networks the budget pays for."""
    search, count = SampledSearch("random", space, config), 0
    while search.ask() is not None:
        count += 1
    return count
