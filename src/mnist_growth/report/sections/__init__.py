"""The sections of the report, one file each, and their order."""

from mnist_growth.report.sections import (
    active_learning,
    attention,
    attributions,
    boundary,
    capsules,
    comparison,
    compression,
    continual_learning,
    cost,
    data,
    difficulty,
    digits,
    exports,
    family,
    few_shot_learning,
    growth,
    landscape,
    mistakes,
    paths,
    results,
    robustness,
    robustness_to_corruptions,
    search,
    style,
    sweep,
    trajectory,
    tuning,
    unit_explanations,
    units,
)
from mnist_growth.report.sections.configuration import configuration
from mnist_growth.report.topic import Topic

TOPICS: tuple[Topic, ...] = (
    results.TOPIC,
    mistakes.TOPIC,
    growth.TOPIC,
    units.TOPIC,
    landscape.TOPIC,
    trajectory.TOPIC,
    paths.TOPIC,
    cost.TOPIC,
    style.TOPIC,
    difficulty.TOPIC,
    attributions.TOPIC,
    unit_explanations.TOPIC,
    attention.TOPIC,
    capsules.TOPIC,
    boundary.TOPIC,
    robustness.TOPIC,
    robustness_to_corruptions.TOPIC,
    digits.TOPIC,
    data.TOPIC,
    comparison.TOPIC,
    exports.TOPIC,
    compression.TOPIC,
    active_learning.TOPIC,
    continual_learning.TOPIC,
    few_shot_learning.TOPIC,
    sweep.TOPIC,
    tuning.TOPIC,
    search.TOPIC,
    family.TOPIC,
)


def required_datasets() -> list[str]:
    """Return the datasets that a default run makes for the report, by their names in the catalog."""
    return list(dict.fromkeys(name for topic in TOPICS if not topic.optional for name in topic.datasets))


def optional_datasets() -> list[str]:
    """Return the datasets that the report shows if another pipeline has made them."""
    return list(dict.fromkeys(name for topic in TOPICS if topic.optional for name in topic.datasets))


def source_datasets() -> set[str]:
    """Return the datasets of the source network that the report of a compressed network shows."""
    return {name for topic in TOPICS if topic.of_source for name in topic.datasets}


__all__ = ["TOPICS", "configuration", "optional_datasets", "required_datasets", "source_datasets"]
