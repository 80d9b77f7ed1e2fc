"""Networks of several widths from one training: a trunk that grows, and a copy of it at each width, cooled down."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mnist_growth.digits import Digits, Split
from mnist_growth.evaluation import wilson_interval
from mnist_growth.studies.cool_down import Member, Trunk, cool_down
from mnist_growth.studies.family_config import FamilyConfig
from mnist_growth.studies.outcome import Outcome
from mnist_growth.studies.trial import Recipe, Trial


def define_trunk(config: FamilyConfig, recipe: Recipe, digits: Digits, split: Split, folder: Path) -> Trunk:
    """Return the trunk of a family.

    Args:
        config: Widths and epochs.
        recipe: The other parameters.
        digits: Training digits.
        split: Into training and validation part.
        folder: Of the study, for checkpoints and networks.

    Raises:
        ValueError: The network cannot have these widths.
    """
    first, *later = config.widths
    stages = [{"epoch": config.trunk_epochs * number, "neurons": width} for number, width in enumerate(later, start=1)]
    trial = Trial.define(
        recipe,
        {
            "growth.trigger": "plan" if stages else "schedule",
            "growth.initial_neurons": first,
            "growth.max_neurons": config.widths[-1],
            "growth.plan": stages,
            "training.epochs": config.trunk_epochs * len(config.widths),
            "training.learning_rate_schedule.schedule": "decay",
            "training.learning_rate_schedule.decay": 1.0,
            "warps.ease_from": 1.0,
        },
        digits,
        split,
    )
    return Trunk({"part": "trunk"}, trial.setup, folder=folder, stage_epochs=config.trunk_epochs)


def define_members(config: FamilyConfig, recipe: Recipe, trunk: Trunk) -> list[Member]:
    """Return the members of a family, from the narrowest to the widest."""
    members = []
    for number, width in enumerate(config.widths, start=1):
        before = config.trunk_epochs * number
        setup = cool_down(trunk.setup, recipe.warps, before, config.cool_down_epochs)
        members.append(Member({"width": width}, setup, trunk=trunk, epochs=before))
    return members


def family_table(members: Sequence[tuple[Member, Outcome]], trunk: Outcome, test_digits: int) -> pd.DataFrame:
    """Return one row per member that has finished, from the narrowest to the widest.

    Args:
        members: With their outcomes.
        trunk: Outcome of the trunk.
        test_digits: Number of test digits.

    Returns:
        ``width``; ``accuracy`` on the test digits with its 95 % interval; ``validation_accuracy`` and
        ``validation_loss``; ``multiply_adds`` of one image; ``parameters``; ``training_multiply_adds``, which is what
        the member adds to the work of the family: its epochs of the trunk and its cool-down; and ``key``.
    """
    rows, before = [], 0
    finished = [(member, outcome) for member, outcome in members if outcome.state == "finished"]
    for member, outcome in sorted(finished, key=lambda pair: pair[0].epochs):
        accuracy = outcome.test_accuracy
        assert accuracy is not None
        low, high = wilson_interval(round(accuracy * test_digits), test_digits)
        trunk_work = int(trunk.history[member.epochs - 1]["multiply_adds"])
        rows.append(
            {
                "width": member.changes["width"],
                "accuracy": accuracy,
                "accuracy_low": float(low),
                "accuracy_high": float(high),
                "validation_accuracy": outcome.value("validation_accuracy"),
                "validation_loss": outcome.value("validation_loss"),
                "multiply_adds": outcome.forward_multiply_adds,
                "parameters": int(outcome.value("parameters")),
                "training_multiply_adds": int(outcome.value("multiply_adds")) - before,
                "key": member.key,
            }
        )
        before = trunk_work
    return pd.DataFrame(rows)
