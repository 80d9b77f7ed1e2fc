"""One training of a study, with everything that it depends on."""

import difflib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from mnist_growth.digits import Digits, Split, WarpConfig
from mnist_growth.growth import GrowthConfig
from mnist_growth.machine import peak_rss_bytes
from mnist_growth.nested import flatten, merge
from mnist_growth.network import NetworkConfig, accuracy_of
from mnist_growth.studies.data import StudyData
from mnist_growth.studies.job import Report, key_of
from mnist_growth.studies.outcome import Outcome, reason_of
from mnist_growth.training import (
    Checkpoints,
    EpochRecord,
    Machine,
    Monitors,
    NoCheckpoints,
    Training,
    TrainingConfig,
    TrainingSetup,
    TrainingState,
    define_training,
    start_training,
)

_GROUPS = ("network", "growth", "training", "warps")
_FORMAT = 1  # of the outcomes; another number makes all trainings run again


@dataclass(frozen=True)
class Recipe:
    """The parameters of a training that a study can change.

    Attributes:
        network: Architecture.
        growth: When, where and how the network grows.
        training: Optimization.
        warps: Random warps of the training images.
    """

    network: NetworkConfig
    growth: GrowthConfig
    training: TrainingConfig
    warps: WarpConfig

    def value(self, name: str) -> Any:
        """Return a parameter by its dotted name, for example ``training.learning_rate``.

        Raises:
            ValueError: There is no such parameter; the message names the closest one.
        """
        known = flatten(self._groups())
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"expected one of {', '.join(sorted(known))}."
            raise ValueError(f"A study cannot change the parameter {name!r}, which a training does not have; {hint}")
        return known[name]

    def values(self) -> dict[str, Any]:
        """Return all parameters by dotted name, as values that JSON can hold."""
        return flatten({name: getattr(self, name).model_dump(mode="json") for name in _GROUPS})

    def with_groups(self, groups: Mapping[str, Mapping[str, Any]]) -> "Recipe":
        """Return the recipe with other values of some parameters, which are nested by group; see ``with_values``."""
        return self.with_values(flatten({name: group for name, group in groups.items() if group}))

    def with_values(self, values: Mapping[str, Any]) -> "Recipe":
        """Return the recipe with other values of some parameters.

        Args:
            values: Values by dotted name.

        Raises:
            ValueError: A parameter is unknown, or a value is not allowed.
        """
        changed: dict[str, Any] = {}
        for name, value in values.items():
            self.value(name)
            nested: Any = value
            for part in reversed(name.split(".")):
                nested = {part: nested}
            changed = merge(changed, nested)
        groups = self._groups()
        try:
            models = {
                name: type(getattr(self, name)).model_validate(merge(groups[name], change))
                for name, change in changed.items()
            }
        except ValidationError as error:
            raise ValueError(_sentence(values, error)) from None
        return replace(self, **models)

    def _groups(self) -> dict[str, dict[str, Any]]:
        return {name: getattr(self, name).model_dump() for name in _GROUPS}


@dataclass(frozen=True)
class Trial:
    """One training of a study.

    Attributes:
        changes: The parameters in which it differs from the other trainings, by dotted name.
        setup: Everything that defines the training.
    """

    changes: Mapping[str, Any]
    setup: TrainingSetup

    @classmethod
    def define(cls, recipe: Recipe, values: Mapping[str, Any], digits: Digits, split: Split) -> "Trial":
        """Return the training of a recipe with some values changed.

        Args:
            recipe: The parameters that the trainings have in common.
            values: The others, by dotted name.
            digits: Training digits.
            split: Into training and validation part.

        Raises:
            ValueError: A parameter is unknown, or a value is not allowed.
        """
        changed = recipe.with_values(values)
        setup = define_training(digits, split, changed.network, changed.growth, changed.training, changed.warps)
        return cls(dict(values), setup)

    @cached_property
    def key(self) -> str:
        """SHA-256 (hex) over all parameters, the digits, the seed, and ``beyond_setup``.

        The number of threads has no part in it: a study may continue with another number of workers.
        """
        content = {**self.setup.to_dict(), "threads": None, "format": _FORMAT, **self.beyond_setup}
        return key_of(content)

    @property
    def beyond_setup(self) -> Mapping[str, Any]:
        """What the outcome depends on besides the setup, as values that JSON can hold."""
        return {}

    @property
    def checkpoints(self) -> Checkpoints:
        """What receives its state while it runs."""
        return NoCheckpoints()

    def is_kept(self) -> bool:
        """Whether everything that it leaves besides its outcome is still there."""
        return True

    @property
    def largest_training(self) -> TrainingSetup:
        """The training itself."""
        return self.setup

    def run(self, data: StudyData, machine: Machine, report: Report) -> Outcome:
        """Train, and return the outcome, of which an error is one, too; see ``Job.run``."""
        began = time.monotonic()
        monitor = _Reporting(report)
        state: TrainingState | None = None
        accuracy, error = None, None
        try:
            training = self.assemble(data, machine)
            state = training.state
            training.run(self.checkpoints, monitor)
            if not monitor.is_stopped:
                accuracy = accuracy_of(state.average, data.test.images, data.test.labels)  # on its device
                self.keep(training)
        except OSError:
            raise
        except Exception as raised:
            error = raised
        return Outcome(
            state="failed" if error else "pruned" if monitor.is_stopped else "finished",
            reason=reason_of(error) if error else "",
            is_final=not monitor.is_stopped and (error is None or isinstance(error, FloatingPointError)),
            history=[asdict(record) for record in state.records] if state else [],
            test_accuracy=accuracy,
            forward_multiply_adds=state.network.spec.forward_multiply_adds if state else 0,
            seconds=time.monotonic() - began,
            peak_rss_bytes=peak_rss_bytes(),
        )

    def assemble(self, data: StudyData, machine: Machine) -> Training:
        """Return the training, ready to run."""
        return start_training(self.setup, data.train, data.split, data.pixels, machine)

    def keep(self, training: Training) -> None:
        """Save what the finished training leaves besides its outcome."""

    @property
    def name(self) -> str:
        """The values, for people: ``learning_rate=0.001 seed=0``."""
        return " ".join(f"{name.rpartition('.')[2]}={_text(value)}" for name, value in self.changes.items())


class _Reporting(Monitors):
    """Reports every epoch, and stops the training if the study says so."""

    def __init__(self, report: Report) -> None:
        super().__init__([])
        self._report = report
        self.is_stopped = False

    def epoch(self, record: EpochRecord) -> None:
        """Report the epoch."""
        self.is_stopped = self._report(asdict(record))

    def should_stop(self) -> bool:
        """Return the answer of the study."""
        return self.is_stopped


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _sentence(values: Mapping[str, Any], error: ValidationError) -> str:
    """The first problem of a recipe in one sentence."""
    detail = error.errors()[0]
    if detail["type"] == "value_error":
        return f"{detail['ctx']['error']} A study has set {', '.join(f'{name}={values[name]}' for name in values)}."
    inner = ".".join(map(str, detail["loc"]))
    name = next((name for name in values if name.endswith(inner)), inner)
    expected = detail["msg"].removeprefix("Input should be ")
    return f"A study has set {name}={detail['input']}; expected {expected}."
