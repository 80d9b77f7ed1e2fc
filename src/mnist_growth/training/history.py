"""The history of a training: one record per epoch, one event per growth."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd


@dataclass(frozen=True)
class EpochRecord:
    """One row of the training history.

    Attributes:
        epoch: One-based number.
        widths: Units per hidden layer, joined by "-".
        parameters: Number of trainable parameters.
        learning_rate: Of the last step.
        batch_size: Images per update.
        micro_batch_size: Images that went through the network at once, at the end of the epoch.
        train_loss: Mean cross-entropy of the (warped) training images before their updates, in nats.
        train_accuracy: Share of those images that were classified correctly, in [0, 1].
        validation_loss: Mean cross-entropy of the averaged network on the unwarped validation images, in nats.
        validation_accuracy: Share of those images that it classifies correctly, in [0, 1].
        seconds: Time of the training, without validation and checkpoints.
        images_per_second: Trained images per second of that time.
        rss_bytes: Memory of the process at the end of the epoch.
        peak_rss_bytes: Largest memory of the process so far.
        gpu_bytes: Largest memory that torch has used on the GPU so far; 0 on a CPU.
        grew: Whether the network grew before this epoch.
        multiply_adds: Of the training so far, by ``NetworkSpec.training_multiply_adds``.
        budget_bytes: Memory that may be used.
        overhead_bytes: Memory in use on the device before the training: interpreter, libraries, digits.
    """

    epoch: int
    widths: str
    parameters: int
    learning_rate: float
    batch_size: int
    micro_batch_size: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float
    images_per_second: float
    rss_bytes: int
    peak_rss_bytes: int
    gpu_bytes: int
    grew: bool
    multiply_adds: int
    budget_bytes: int = 0
    overhead_bytes: int = 0


@dataclass(frozen=True)
class GrowthEvent:
    """One growth.

    Attributes:
        epoch: One-based number of the first epoch with the larger network.
        operator: How the new units started.
        trigger: Why the network grew at this time.
        layers: One-based numbers of the hidden layers that grew.
        widths_before: Units per hidden layer before the growth; 0 for a new layer.
        widths_after: Units per hidden layer after the growth.
        parameters_before: Number of trainable parameters before the growth.
        parameters_after: Number of trainable parameters after the growth.
        largest_logit_change: max |f_before - f_after| over a batch of validation images.
        largest_logit: max |f_before| over them, the scale of the change.
        gradient_gains: For each of ``layers``, the largest squared norm that the gradient of the new units' outgoing
            weights can have (``growth.gradient_gain``), measured on training images before the growth; 0 for a group
            that does not lie between affine maps.
    """

    epoch: int
    operator: str
    trigger: str
    layers: tuple[int, ...]
    widths_before: tuple[int, ...]
    widths_after: tuple[int, ...]
    parameters_before: int
    parameters_after: int
    largest_logit_change: float
    largest_logit: float
    gradient_gains: tuple[float, ...]


def history_table(records: list[EpochRecord]) -> pd.DataFrame:
    """Return one row per epoch with the columns of ``EpochRecord``."""
    return pd.DataFrame([asdict(record) for record in records])


def growth_table(events: list[GrowthEvent], groups: Sequence[str]) -> pd.DataFrame:
    """Return one row per growth and group of units that grew in it; no row for a training without growth.

    Args:
        events: All growths.
        groups: Names of the groups of units of the network.

    Columns: epoch, layer (one-based number of the group), group (its name), width_before, width_after and gradient_gain
    of the group; operator, trigger, parameters_before, parameters_after, largest_logit_change and largest_logit of the
    whole growth.
    """
    rows = [
        {
            "epoch": event.epoch,
            "layer": layer,
            "group": groups[layer - 1],
            "width_before": event.widths_before[layer - 1],
            "width_after": event.widths_after[layer - 1],
            "operator": event.operator,
            "trigger": event.trigger,
            "parameters_before": event.parameters_before,
            "parameters_after": event.parameters_after,
            "largest_logit_change": event.largest_logit_change,
            "largest_logit": event.largest_logit,
            "gradient_gain": gain,
        }
        for event in events
        for layer, gain in zip(event.layers, event.gradient_gains, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(_GROWTH_COLUMNS)).astype(_GROWTH_COLUMNS)


_GROWTH_COLUMNS = {
    "epoch": "int64",
    "layer": "int64",
    "group": "str",
    "width_before": "int64",
    "width_after": "int64",
    "operator": "str",
    "trigger": "str",
    "parameters_before": "int64",
    "parameters_after": "int64",
    "largest_logit_change": "float64",
    "largest_logit": "float64",
    "gradient_gain": "float64",
}
