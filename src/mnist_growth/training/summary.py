"""A training in a few numbers."""

from typing import Any

import pandas as pd


def training_summary(history: pd.DataFrame) -> dict[str, Any]:
    """Return what a training did and what it cost, ready for JSON.

    Args:
        history: Table of ``history_table``, of one epoch or more.

    Returns:
        Counts: ``epochs``, ``growths``, ``first_widths`` and ``last_widths`` (of the hidden layers), ``multiply_adds``
        and ``images`` (trained, each counted every time). ``multiply_adds_of_the_last_widths``: what the same images
        would have cost in a network that is from the start as wide as this one is at the end, and
        ``multiply_adds_share``, what this training took of that. ``seconds`` of training, without validation and
        checkpoints; ``images_per_second`` over them; ``peak_rss_bytes``. Of the last epoch: ``train_accuracy``,
        ``train_loss``, ``validation_accuracy`` and ``validation_loss``; and the ``best_validation_accuracy``, with its
        ``best_epoch``, the first one of a tie.
    """
    first, last = history.iloc[0], history.iloc[-1]
    first_widths, last_widths = ([int(width) for width in row["widths"].split("-")] for row in (first, last))
    seconds = float(history["seconds"].sum())
    images = round(float((history["images_per_second"] * history["seconds"]).sum()))
    before_last = int(history["multiply_adds"].iloc[-2]) if len(history) > 1 else 0
    as_wide = (int(last["multiply_adds"]) - before_last) * len(history)  # every epoch trains as many images
    best = history.iloc[int(history["validation_accuracy"].to_numpy().argmax())]
    return {
        "epochs": int(last["epoch"]),
        "growths": int(history["grew"].sum()),
        "first_widths": first_widths,
        "last_widths": last_widths,
        "images": images,
        "multiply_adds": int(last["multiply_adds"]),
        "multiply_adds_of_the_last_widths": as_wide,
        "multiply_adds_share": int(last["multiply_adds"]) / as_wide,
        "seconds": seconds,
        "images_per_second": images / seconds,
        "peak_rss_bytes": int(history["peak_rss_bytes"].max()),
        "train_accuracy": float(last["train_accuracy"]),
        "train_loss": float(last["train_loss"]),
        "validation_accuracy": float(last["validation_accuracy"]),
        "validation_loss": float(last["validation_loss"]),
        "best_validation_accuracy": float(best["validation_accuracy"]),
        "best_epoch": int(best["epoch"]),
    }
