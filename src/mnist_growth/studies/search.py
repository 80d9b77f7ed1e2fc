"""The search for architectures: growth and pruning layer by layer, evolution, and random choices."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from mnist_growth.studies.data import StudyData
from mnist_growth.studies.growth_search import GrowthSearch
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.sampled_search import SampledSearch
from mnist_growth.studies.search_config import MethodName, SearchConfig
from mnist_growth.studies.search_space import SearchSpace
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
