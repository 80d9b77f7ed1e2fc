"""The sections of the report of a run that say what came of it; `circumstances` has the others."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth.report.content import Section, Table
from mnist_growth.report.formats import (
    MISSING,
    Format,
    count,
    decimals,
    duration,
    interval,
    megabytes,
    nats,
    percent,
    scientific,
    significant,
)
from mnist_growth.report.tables import Columns, described

Figures = Mapping[str, go.Figure]

MISTAKES = (
    "confusion_matrix_figure",
    "confused_pairs_figure",
    "confused_digits_figure",
    "worst_mistakes_figure",
    "ambiguous_digits_figure",
    "reliability_figure",
    "sample_predictions_figure",
)
GROWTH = ("growth_figure", "learning_curves_figure")
UNITS = ("unit_cohorts_figure",)
COST = ("cost_figure", "complexity_figure", "memory_figure")

_METRICS: Mapping[str, tuple[str, Format]] = {
    "accuracy": ("test accuracy", percent),
    "error_rate": ("test error rate", percent),
    "errors": ("mistakes", count),
    "examples": ("test digits", count),
    "top_2_accuracy": ("true digit among the two most probable", percent),
    "loss": ("test loss (negative log-likelihood)", nats),
    "brier_score": ("Brier score", decimals),
    "macro_f1": ("macro F1", decimals),
    "expected_calibration_error": ("expected calibration error", percent),
}
_TRAINING: Mapping[str, tuple[str, Format]] = {
    "validation_accuracy": ("validation accuracy after the last epoch", percent),
    "validation_loss": ("validation loss after the last epoch", nats),
    "train_accuracy": ("training accuracy in the last epoch, on warped images", percent),
    "train_loss": ("training loss in the last epoch, on warped images", nats),
    "best_validation_accuracy": ("best validation accuracy", percent),
    "best_epoch": ("epoch of the best validation accuracy", count),
}
_COST: Mapping[str, tuple[str, Format]] = {
    "epochs": ("epochs", count),
    "images": ("images learned from, each counted every time", count),
    "growths": ("growths", count),
    "multiply_adds": ("multiply-adds of the training", scientific),
    "multiply_adds_of_the_last_widths": ("multiply-adds, had it been as wide from the start", scientific),
    "multiply_adds_share": ("share of that which was spent", percent),
    "seconds": ("time of the training, without validation and checkpoints", duration),
    "images_per_second": ("images per second", count),
    "peak_rss_bytes": ("peak memory of the process", megabytes),
}


def results(metrics: Mapping[str, Any], parts: pd.DataFrame, training: Mapping[str, Any]) -> Section:
    """The numbers that matter most."""
    columns: Columns = {
        "part": ("digits", str),
        "examples": ("number", count),
        "errors": ("mistakes", count),
        "accuracy": ("accuracy", percent),
        "loss": ("loss", nats),
    }
    by_part = described(
        "accuracy_by_part", "The trained network on every part of the digits, none of them warped", parts, columns
    )
    rows = [*_rows(metrics, _METRICS), *_rows(training, _TRAINING)]
    tables = [Table("key_numbers", "Key numbers", ("", "value", "95 % interval"), rows), by_part]
    return Section("results", "Result", tables=tables)


def mistakes(class_metrics: pd.DataFrame, pairs: pd.DataFrame, figures: Figures) -> Section:
    """How well each digit is recognised, and what it is taken for."""
    columns = {
        "digit": ("digit", count),
        "support": ("test digits", count),
        "precision": ("precision", percent),
        "recall": ("recall", percent),
        "f1": ("F1", decimals),
    }
    pair_columns: Columns = {
        "first": ("digit", count),
        "second": ("and digit", count),
        "mistakes": ("mistakes", count),
        "rate": ("of all digits of both", percent),
        "first_as_second_rate": ("first taken for second", percent),
        "second_as_first_rate": ("second taken for first", percent),
    }
    tables = [
        described("class_metrics", "Each digit, with 95 % intervals", class_metrics, columns),
        described(
            "confused_pairs",
            "Pairs of digits that were confused, with 95 % intervals",
            pairs[pairs["mistakes"] > 0],
            pair_columns,
        ),
    ]
    return Section("mistakes", "Mistakes", tables=tables, figures=figures)


def growth(events: pd.DataFrame, history: pd.DataFrame, figures: Figures) -> Section:
    """When the network grew, and how it learned."""
    if events.empty:
        paragraphs, tables = ["The network did not grow."], []
    else:
        paragraphs = [
            "The function that the network computes is the same before and after a growth: the change of the logits "
            "was measured on validation images and is rounding, beside the largest logit."
        ]
        columns: Columns = {
            "epoch": ("before epoch", count),
            "layer": ("hidden layer", count),
            "width_before": ("from units", count),
            "width_after": ("to units", count),
            "operator": ("operator", str),
            "trigger": ("trigger", str),
            "parameters_after": ("parameters", count),
            "largest_logit_change": ("largest change of a logit", scientific),
            "largest_logit": ("largest logit", significant),
        }
        tables = [described("growth_events", "Growths", events, columns, folded=len(events) > 12)]
    epochs: Columns = {
        "epoch": ("epoch", count),
        "widths": ("hidden layers", str),
        "parameters": ("parameters", count),
        "learning_rate": ("learning rate", scientific),
        "train_loss": ("training loss", decimals),
        "train_accuracy": ("training accuracy", percent),
        "validation_loss": ("validation loss", decimals),
        "validation_accuracy": ("validation accuracy", percent),
        "images_per_second": ("images per second", count),
        "rss_bytes": ("memory", megabytes),
    }
    tables.append(described("training_history", "Epochs", history, epochs, folded=True))
    return Section("growth", "Growth and learning", paragraphs, tables, figures)


def new_units(cohorts: pd.DataFrame, figures: Figures) -> Section:
    """Whether what a growth added became useful."""
    columns = {
        "layer": ("hidden layer", count),
        "born_epoch": ("first epoch", count),
        "age_epochs": ("epochs trained", count),
        "units": ("units", count),
        "dead_units": ("dead units", count),
        "variance": ("variance of activations", significant),
        "fan_in_norm": ("norm of incoming weights", significant),
        "fan_out_norm": ("norm of outgoing weights", significant),
        "loss_increase": ("loss without them, more by (nats)", scientific),
        "loss_increase_per_unit": ("per unit (nats)", scientific),
    }
    paragraphs = [
        "Units that were born together are one row. Variance and norms are medians over them; dead units are active "
        "for none of the digits; incoming weights are scaled as batch norm scales them. The last columns say by how "
        "much the loss rises when all units of the row give their mean activation for every digit. The more units are "
        "taken away at once, the less the others can stand in for them: compare rows of equally many units."
    ]
    table = described("unit_cohorts", "Units by their first epoch", cohorts, columns, folded=len(cohorts) > 12)
    return Section("units", "What became of new units", paragraphs, [table], figures)


def cost(training: Mapping[str, Any], layers: pd.DataFrame, memory: pd.DataFrame, figures: Figures) -> Section:
    """Time, memory and multiply-adds."""
    columns = {
        "layer": ("layer", count),
        "inputs": ("inputs", count),
        "outputs": ("units", count),
        "parameters": ("parameters", count),
        "multiply_adds": ("multiply-adds per image", count),
        "activations": ("activations kept per image", count),
    }
    total = {name: int(layers[name].sum()) for name in ("parameters", "multiply_adds", "activations")}
    table = described("layer_costs", "Complexity of the trained network; the last layer is the output", layers, columns)
    sums = ("all", "", "", *(count(total[name]) for name in total))
    parts: Mapping[str, tuple[str, Format]] = {
        "part": ("part", str),
        "formula": ("formula", str),
        "bytes": ("memory", megabytes),
    }
    tables = [
        Table("training_cost", "The training", ("", "value"), [row[:2] for row in _rows(training, _COST)]),
        Table(table.name, table.title, table.headings, [*table.rows, sums]),
        described(
            "memory_parts", "Memory of the training: P parameters, A activations, B images at once", memory, parts
        ),
    ]
    return Section("cost", "Cost", tables=tables, figures=figures)


def _rows(content: Mapping[str, Any], names: Mapping[str, tuple[str, Format]]) -> list[tuple[str, str, str]]:
    """Name, value and interval of the numbers that are there."""
    return [
        (title, form(content[name]), _bounds(content, name, form))
        for name, (title, form) in names.items()
        if name in content
    ]


def _bounds(content: Mapping[str, Any], name: str, form: Format) -> str:
    if f"{name}_low" not in content:
        return MISSING
    return interval(content[f"{name}_low"], content[f"{name}_high"], form)
