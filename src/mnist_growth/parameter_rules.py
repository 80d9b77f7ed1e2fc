"""Parameters that only mean something together, or only in some pipelines."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mnist_growth.nested import flatten

USED_IF: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "growth.growth_epochs": ("growth.trigger", ("schedule",)),
    "growth.growth_rate": ("growth.trigger", ("schedule", "plateau")),
    "growth.plateau_improvement": ("growth.trigger", ("plateau",)),
    "growth.plateau_epochs": ("growth.trigger", ("plateau",)),
    "growth.cooldown_epochs": ("growth.trigger", ("plateau",)),
    "growth.budget_multiply_adds": ("growth.trigger", ("budget",)),
    "training.learning_rate_schedule.decay": ("training.learning_rate_schedule.schedule", ("decay",)),
    "training.learning_rate_schedule.patience": ("training.learning_rate_schedule.schedule", ("decay",)),
    "warps": ("warps.enabled", (True,)),
    **{
        f"active.{name}": ("active.folder", (None,))
        for name in ("recipe", "strategies", "labels", "seeds", "images_per_epoch", "grows", "goal")
    },
}
"""Parameters or groups, and the parameter and its values with which they are used."""

UNUSED_IF: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "training.adversarial": ("training.adversarial.epsilon", (0,)),
    "active.images": ("active.folder", (None,)),
    "active.strategy": ("active.folder", (None,)),
}
"""Parameters or groups, and the parameter and its values with which they are not used."""

IN_EVERY_PIPELINE = {"device", "threads", "memory"}


def contradictions(parameters: Mapping[str, Any], requested: Mapping[str, Any]) -> Iterator[str]:
    """Return a sentence for each requested parameter that another parameter makes meaningless.

    Args:
        parameters: All parameters of the run, nested by group.
        requested: Those that the user has given for this run. Only they are checked: the others may be meant for
            another value of the parameter that decides.
    """
    values = flatten(parameters)
    for name in flatten(requested):
        for rules, is_allowed in ((USED_IF, True), (UNUSED_IF, False)):
            for used, (other, those) in rules.items():
                is_other = name != used and not name.startswith(f"{used}.")
                if is_other or name == other or other not in values or (values[other] in those) == is_allowed:
                    continue
                words = " or ".join(f"{other}={as_yaml(value)}" for value in those)
                advice = f"set {words}" if is_allowed else f"set {other} to another value"
                yield (
                    f"Parameter '{name}' is given, but '{other}' is {as_yaml(values[other])!r} and does not use "
                    f"it; {advice}, or leave out {name}."
                )


def unused(requested: Mapping[str, Any], inputs: Iterable[str]) -> list[str]:
    """Return the names of requested parameters that a pipeline does not use.

    Args:
        requested: Parameters that the user has given, nested by group.
        inputs: Datasets and parameters that the pipeline loads.
    """
    loaded = set(inputs)
    groups = {name.removeprefix("params:").partition(".")[0] for name in loaded if name.startswith("params:")}
    if "digit_archive" in loaded:
        groups |= {"dataset", "archive"}
    if loaded & {"train_digits", "test_digits"}:  # whose data set is checked
        groups.add("dataset")
    return [name for name in flatten(requested) if name.partition(".")[0] not in groups | IN_EVERY_PIPELINE]


def as_yaml(value: Any) -> str:
    """Return a value as it is written in the configuration, texts without quotation marks."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
