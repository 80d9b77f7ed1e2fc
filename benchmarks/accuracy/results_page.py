"""Print the tables of docs/results.md in Markdown, from the newest versions in the data folder.

`kedro run`, `kedro run --pipeline analyse`, then `make results-page`.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.common.artifacts import newest
from benchmarks.common.paths import PROJECT
from benchmarks.common.tables import markdown

STATED_PAIRS = {(4, 9): "1.2 %", (3, 8): "0.9 %", (5, 6): "0.7 %"}
"""Shares of confused pairs according to the original documentation."""

STATED_STYLES = {"slanted": "+0.5 %", "thick": "+0.3 %", "incomplete": "+1.1 %"}
"""Excess error rates of writing styles according to the original documentation."""

OTHER_PAIRS = 2  # number of pairs that the original documentation does not mention


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=PROJECT, help="folder of the project")
    project = parser.parse_args().project

    metrics = json.loads(newest("test_metrics.json", project).read_text("utf-8"))
    parts, pairs, styles, curves, nearest, doubtful, effects, duplicates = (
        pd.read_parquet(newest(f"{name}.parquet", project))
        for name in (
            "accuracy_by_part",
            "confused_pairs",
            "style_differences",
            "style_interventions",
            "nearest_training_digits",
            "suspected_labels",
            "style_effects",
            "near_duplicates",
        )
    )
    print(
        f"{metrics['dataset']}, {metrics['epochs']} epochs",
        numbers_table(metrics, parts),
        pairs_table(pairs),
        differences_table(styles, "Style", STATED_STYLES),
        differences_table(curves[curves["strength"] != 0], "Change", {}),
        data_facts(nearest, doubtful, effects, duplicates),
        sep="\n\n",
    )


def percent(value: float, digits: int = 2) -> str:
    """Format a fraction of 1 in percent, without the sign."""
    return f"{100 * value:.{digits}f}"


def numbers_table(metrics: Mapping[str, Any], parts: pd.DataFrame) -> str:
    """Format the main results of a run.

    Args:
        metrics: Test metrics.
        parts: Accuracy on each part of the digits.
    """
    low, high = percent(metrics["accuracy_low"]), percent(metrics["accuracy_high"])
    rows = [("test accuracy", f"{percent(metrics['accuracy'])} % ({metrics['errors']} wrong)", f"{low} to {high} %")]
    rows += [
        (
            f"accuracy on the {row['examples']:,} {row['part']} digits, not warped",
            f"{percent(row['accuracy'])} % ({row['errors']} wrong)",
            f"{percent(row['accuracy_low'])} to {percent(row['accuracy_high'])} %",
        )
        for row in parts.to_dict("records")
        if row["part"] != "test"
    ]
    rows += [
        (
            "top-2 accuracy: the true digit is one of the two most probable",
            f"{percent(metrics['top_2_accuracy'])} %",
            "",
        ),
        ("negative log-likelihood", f"{metrics['loss']:.4f} nats", ""),
        ("expected calibration error", f"{percent(metrics['expected_calibration_error'])} %", ""),
    ]
    return markdown(("Number", "Value", "95 % interval"), rows)


def data_facts(nearest: pd.DataFrame, doubtful: pd.DataFrame, effects: pd.DataFrame, duplicates: pd.DataFrame) -> str:
    """Format what the analysis found about the digits.

    Args:
        nearest: Nearest training digit of each test digit.
        doubtful: Digits with a suspected label.
        effects: Error rate by fifths of each measure.
        duplicates: Pairs of nearly equal digits.
    """
    fifths = effects[effects["measure"] == "nearest_distance"].to_dict("records")
    errors = [f"{row['errors']} of {row['examples']}" for row in fifths]
    suspected = [
        f"{row['part']} {row['index']}: {row['label']}, probably {row['suggestion']}"
        for row in doubtful.to_dict("records")
    ]
    same = percent(float((nearest["label"] == nearest["train_label"]).mean()))
    return "\n".join(
        [
            f"- The nearest training digit has the same label: {same} %. Near-duplicates: {len(duplicates)}.",
            f"- Wrong by fifth of the distance to the nearest training digit, the closest fifth first: "
            f"{', '.join(errors)}.",
            f"- Suspected labels, {len(suspected)} shown: {'; '.join(suspected)}.",
        ]
    )


def pairs_table(pairs: pd.DataFrame) -> str:
    """Format the stated pairs and the most confused other ones."""
    stated = [(first, second) in STATED_PAIRS for first, second in zip(pairs["first"], pairs["second"], strict=True)]
    unstated = [not is_stated for is_stated in stated]
    shown = pd.concat([pairs[stated], pairs[unstated].head(OTHER_PAIRS)])
    rows = []
    for row in shown.to_dict("records"):
        cells = [rate(row, name) for name in ("first_as_second_", "second_as_first_", "")]
        rows.append(
            (f"{row['first']} and {row['second']}", STATED_PAIRS.get((row["first"], row["second"]), ""), *cells)
        )
    return markdown(("Pair", "Stated", "First taken for second", "Second taken for first", "Both together"), rows)


def rate(pair: Mapping[Any, Any], name: str) -> str:
    """Format a rate of a pair with its interval, and the count where there is one.

    Args:
        pair: Row of the table of pairs.
        name: What the columns of the rate begin with.
    """
    low, high = percent(pair[f"{name}rate_low"]), percent(pair[f"{name}rate_high"])
    count = f", {pair[name.removesuffix('_')]:.0f}" if name else ""
    return f"{percent(pair[f'{name}rate'])} % ({low} to {high}){count}"


def differences_table(differences: pd.DataFrame, name: str, stated: Mapping[str, str]) -> str:
    """Format differences with their intervals.

    Args:
        differences: Differences between groups of digits, or between changed and unchanged digits.
        name: Header of the first column.
        stated: Values of the original documentation.
    """
    counts = "group" in differences
    header = (name, "Stated", "Difference", "95 % interval", *(["Wrong"] if counts else []))
    rows = []
    for row in differences.to_dict("records"):
        low, high = (f"{100 * row[f'difference_{end}']:+.2f}" for end in ("low", "high"))
        title = row.get("group") or f"{row['intervention']} {row['strength']:+g} {row['unit']}"
        cells = [title, stated.get(title, ""), f"{100 * row['difference']:+.2f} %", f"{low} to {high} %"]
        rows.append((*cells, *([f"{row['errors']} of {row['examples']:,}"] if counts else [])))
    return markdown(header, rows)


if __name__ == "__main__":
    main()
