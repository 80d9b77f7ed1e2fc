"""Growths and learning curves."""

from collections.abc import Mapping
from typing import Any

from mnist_growth.report.formats import count, decimals, megabytes, nats, percent, scientific, significant
from mnist_growth.report.tables import Columns, described, key_values
from mnist_growth.report.topic import Body, Topic

_LEARNING: Columns = {
    "validation_accuracy": ("validation accuracy after the last epoch", percent),
    "validation_loss": ("validation loss after the last epoch", nats),
    "train_accuracy": ("training accuracy in the last epoch, on warped images", percent),
    "train_loss": ("training loss in the last epoch, on warped images", nats),
    "best_validation_accuracy": ("best validation accuracy", percent),
    "best_epoch": ("epoch of the best validation accuracy", count),
}
_GROWTHS: Columns = {
    "epoch": ("before epoch", count),
    "group": ("units", str),
    "width_before": ("from", count),
    "width_after": ("to", count),
    "operator": ("operator", str),
    "trigger": ("trigger", str),
    "parameters_after": ("parameters", count),
    "largest_logit_change": ("largest change of a logit", scientific),
    "largest_logit": ("largest logit", significant),
}
_EPOCHS: Columns = {
    "epoch": ("epoch", count),
    "widths": ("units", str),
    "parameters": ("parameters", count),
    "learning_rate": ("learning rate", scientific),
    "train_loss": ("training loss (nats)", decimals),
    "train_accuracy": ("training accuracy", percent),
    "validation_loss": ("validation loss (nats)", decimals),
    "validation_accuracy": ("validation accuracy", percent),
    "images_per_second": ("images per second", count),
    "rss_bytes": ("memory", megabytes),
}
_PRESERVED = (
    "Growing does not change the function that the network computes. The table compares the logits of validation "
    "images before and after each growth: the largest change is rounding error, small against the largest logit."
)


def _body(results: Mapping[str, Any]) -> Body:
    events, history = results["growth_events"], results["training_history"]
    learning = key_values("learning", "Learning", results["training_summary"], _LEARNING)
    epochs = described("training_history", "Epochs", history, _EPOCHS)
    if events.empty:
        return Body(["The network did not grow."], [learning, epochs])
    growths = described("growth_events", "Growths", events, _GROWTHS)
    return Body([_PRESERVED], [learning, growths, epochs])


TOPIC = Topic(
    "growth",
    "Growth and learning",
    ("training_summary", "growth_events", "training_history", "growth_figure", "learning_curves_figure"),
    _body,
)
