"""The search for the best parameters, with Optuna."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from mnist_growth.digits import Digits, Split
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.trial import Recipe, Trial
from mnist_growth.studies.tuning_config import SearchedParameter, TuneConfig
from mnist_growth.studies.tuning_storage import PROCESS, is_abandoned, open_storage, reaching, this_process
from mnist_growth.training import last_spec

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

logger = logging.getLogger(__name__)

_DEFINITION = "definition"  # attribute of a study
_REPLACES = "replaces"  # attribute of a trial with the number of the one that it starts again
_REASON = "reason"  # attribute of a trial
_RESULTS = (
    "validation_loss",
    "validation_accuracy",
    "test_accuracy",
    "epochs",
    "seconds",
    "peak_rss_bytes",
    "forward_multiply_adds",
    "multiply_adds",
    "parameters",
)
"""Results of a trial, which the storage keeps as attributes."""


class Tuning:
    """A study in Optuna: chooses the values of the next training, and learns how it ended.

    Several processes may work on one study. A study that was killed continues: trials that it was working on start
    again with the same values.

    Args:
        config: Search space, objectives and storage.
        recipe: The parameters that are not searched.
        digits: Training digits.
        split: Into training and validation part.
        journal: File of the study where the configuration names no database.

    Raises:
        ValueError: A parameter is unknown, a value is not allowed, or the study was begun with another search space.
        ConnectionError: The database cannot be reached.
    """

    def __init__(self, config: TuneConfig, recipe: Recipe, digits: Digits, split: Split, journal: Path) -> None:
        import optuna

        for parameter in config.search_space:
            for value in parameter.examples:
                recipe.with_values({parameter.name: value})
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._config, self._recipe, self._digits, self._split = config, recipe, digits, split
        self._space = {parameter.name: _distribution(parameter) for parameter in config.search_space}
        self._asked: dict[int, tuple[Trial, optuna.Trial]] = {}
        with reaching(config.storage):
            self.study = optuna.create_study(
                storage=open_storage(config.storage, journal),
                study_name=config.study,
                load_if_exists=True,
                directions=["minimize"] * len(config.objectives),
                sampler=_sampler(config),
                pruner=_pruner(config),
            )
            self._check_definition()
            self._start_abandoned_again()

    def extremes(self) -> list[Trial]:
        """Return the trainings in which one parameter has a value at the end of its range, or any of its choices."""
        return [
            Trial.define(self._recipe, {parameter.name: value}, self._digits, self._split)
            for parameter in self._config.search_space
            for value in parameter.examples
        ]

    def trials(self) -> Iterator[Trial]:
        """Yield trainings until the study has as many trials as the configuration says."""
        while True:
            with reaching(self._config.storage):
                if self._count() >= self._config.trials:
                    return
                asked = self.study.ask(self._space)
                asked.set_user_attr(PROCESS, this_process())
            try:
                trial = Trial.define(self._recipe, asked.params, self._digits, self._split)
            except ValueError as error:  # values that are allowed alone, but not together
                self._end(asked, "fail", reason=str(error))
                continue
            if not self._is_small_enough(trial, asked):
                self._end(asked, "pruned", reason="more multiply-adds than tune.max_forward_multiply_adds")
                continue
            self._asked[id(trial)] = trial, asked
            yield trial

    def should_stop(self, trial: Trial, record: Mapping[str, Any]) -> bool:
        """Return whether a training is worse after an epoch than others were."""
        _, asked = self._asked[id(trial)]
        with reaching(self._config.storage):
            value = record["validation_loss"]
            if self._config.objectives == ("validation_error",):
                value = 1 - record["validation_accuracy"]
            asked.report(value, record["epoch"])
            return record["epoch"] < trial.setup.training.epochs and asked.should_prune()

    def tell(self, trial: Trial, outcome: Outcome) -> None:
        """Learn how a training has ended."""
        _, asked = self._asked.pop(id(trial))
        results: dict[str, Any] = {name: outcome.last.get(name) for name in _RESULTS} | {
            "test_accuracy": outcome.test_accuracy,
            "epochs": len(outcome.history),
            "seconds": outcome.seconds,
            "peak_rss_bytes": outcome.peak_rss_bytes,
            "forward_multiply_adds": outcome.forward_multiply_adds,
        }
        with reaching(self._config.storage):
            for name, value in results.items():
                asked.set_user_attr(name, value)
            if self._config.max_peak_rss_bytes is not None:
                asked.set_constraint("peak_rss_bytes", outcome.peak_rss_bytes - self._config.max_peak_rss_bytes)
        if outcome.state == "finished":
            results["validation_error"] = 1 - results["validation_accuracy"]
            self._end(asked, "complete", values=[float(results[name]) for name in self._config.objectives])
        else:
            self._end(asked, "pruned" if outcome.state == "pruned" else "fail", reason=outcome.reason)

    def table(self) -> pd.DataFrame:
        """Return one row per trial that has ended; those that were started again are left out.

        Returns:
            ``number``; ``state``, which is complete, pruned or fail; ``reason``; ``is_feasible``, whether it meets the
            constraints; a column for each parameter; and the results, which are missing where there is none.
        """
        with reaching(self._config.storage):
            trials = self.study.get_trials(deepcopy=False)
        replaced = {trial.user_attrs.get(_REPLACES) for trial in trials}
        ended = [trial for trial in trials if trial.state.is_finished() and trial.number not in replaced]
        rows = [
            {
                "number": trial.number,
                "state": trial.state.name.lower(),
                "reason": trial.user_attrs.get(_REASON, ""),
                "is_feasible": all(value <= 0 for value in trial.constraints.values()),
                **trial.params,
                **{name: trial.user_attrs.get(name) for name in _RESULTS},
            }
            for trial in ended
        ]
        table = pd.DataFrame(rows, columns=["number", "state", "reason", "is_feasible", *self._space, *_RESULTS])
        return table.astype(dict.fromkeys(_RESULTS, "float64"))

    def best(self) -> Mapping[str, Any]:
        """Return the values of the best trial; with several objectives that with the smallest first one.

        Raises:
            ValueError: No trial has finished and meets the constraints.
        """
        with reaching(self._config.storage):
            best = self.study.best_trials
        if not best:
            raise ValueError(
                f"No training of the study {self._config.study} has finished and meets tune.max_forward_multiply_adds "
                "and tune.max_peak_rss_bytes: increase them or tune.trials"
            )
        return min(best, key=lambda trial: (*trial.values, trial.number)).params  # noqa: PD011

    def remaining(self) -> int:
        """Return the number of trainings that the study lacks."""
        with reaching(self._config.storage):
            return max(0, self._config.trials - self._count())

    def _count(self) -> int:
        """Number of trials that have ended or are running."""
        trials = self.study.get_trials(deepcopy=False)
        replaced = sum(_REPLACES in trial.user_attrs for trial in trials)
        return sum(trial.state.name != "WAITING" for trial in trials) - replaced

    def _end(self, asked: "optuna.Trial", state: str, values: list[float] | None = None, reason: str = "") -> None:
        from optuna.trial import TrialState

        with reaching(self._config.storage):
            asked.set_user_attr(_REASON, reason)
            self.study.tell(asked, values, state=TrialState[state.upper()])

    def _is_small_enough(self, trial: Trial, asked: "optuna.Trial") -> bool:
        """Tell the sampler the multiply-adds of a network, and return whether it may be trained."""
        limit = self._config.max_forward_multiply_adds
        if limit is None:
            return True
        excess = last_spec(trial.setup).forward_multiply_adds - limit
        with reaching(self._config.storage):
            asked.set_constraint("forward_multiply_adds", excess / limit)
        return excess <= 0

    def _check_definition(self) -> None:
        """Refuse to continue a study that was begun in another way.

        Raises:
            ValueError: It was; the message names what differs.
        """
        ours = {
            **{f"search_space.{each.name}": each.model_dump(mode="json") for each in self._config.search_space},
            **{name: value for name, value in self._recipe.values().items() if name not in self._space},
            "objectives": list(self._config.objectives),
            "digits": self._digits.fingerprint,
        }
        before = self.study.user_attrs.get(_DEFINITION)
        if before is None:
            self.study.set_user_attr(_DEFINITION, ours)
        elif before != ours:
            different = sorted(name for name in before.keys() | ours.keys() if before.get(name) != ours.get(name))
            raise ValueError(
                f"The study {self._config.study} was begun with other values of {', '.join(different)}; set them back, "
                "or begin another study with tune.study=<name>"
            )

    def _start_abandoned_again(self) -> None:
        """Let trials of killed processes start again with the same values."""
        from optuna.trial import TrialState

        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if is_abandoned(trial):
                logger.info("Trial %d of a killed run starts again", trial.number)
                self.study.tell(trial.number, state=TrialState.FAIL)
                self.study.enqueue_trial(trial.params, user_attrs={_REPLACES: trial.number})


def _distribution(parameter: SearchedParameter) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if parameter.choices:
        return CategoricalDistribution(parameter.choices)
    low, high, step = parameter.low, parameter.high, parameter.step
    assert low is not None
    assert high is not None
    if isinstance(low, int) and isinstance(high, int) and not isinstance(step, float):
        return IntDistribution(low, high, log=parameter.log, step=step or 1)
    return FloatDistribution(low, high, log=parameter.log, step=step)


def _sampler(config: TuneConfig) -> "optuna.samplers.BaseSampler":
    from optuna.samplers import RandomSampler, TPESampler

    from mnist_growth.studies.seeded_sampler import SeededByTrial

    kind = RandomSampler if config.sampler == "random" else TPESampler
    return SeededByTrial(lambda seed: kind(seed=seed), config.seed)


def _pruner(config: TuneConfig) -> "optuna.pruners.BasePruner":
    from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner

    if config.pruner == "median":
        return MedianPruner()
    return SuccessiveHalvingPruner() if config.pruner == "successive_halving" else NopPruner()
