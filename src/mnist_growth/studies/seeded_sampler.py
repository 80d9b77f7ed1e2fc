"""A sampler of Optuna whose random choices depend on the number of the trial."""

from collections.abc import Callable, Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

_SEED_STEP = 7919  # between the seeds of two trials


class SeededByTrial(BaseSampler):
    """Samples each trial with a sampler of its own.

    The storage numbers the trials, so neither a continued study nor several processes that search together repeat a
    choice.

    Args:
        make: Makes a sampler from a seed.
        seed: Of trial 0.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make, self._seed = make, seed
        self._sampler = make(seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Take the sampler of a trial."""
        self._sampler = self._make((self._seed + trial.number * _SEED_STEP) % 2**32)
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return the parameters that are sampled together; see ``BaseSampler``."""
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Sample parameters together; see ``BaseSampler``."""
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Sample one parameter; see ``BaseSampler``."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """Note the end of a trial; see ``BaseSampler``."""
        self._sampler.after_trial(study, trial, state, values)
