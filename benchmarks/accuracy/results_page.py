"""Print the tables of docs/results.md from the newest versions in data/, in Markdown.

kedro run && kedro run --pipeline analyse && python -m benchmarks.accuracy.results_page
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

STATED_PAIRS = {(4, 9): "1.2 %", (3, 8): "0.9 %", (5, 6): "0.7 %"}
"""What the original documentation states of confused pairs."""

STATED_STYLES = {"slanted": "+0.5 %", "thick": "+0.3 %", "incomplete": "+1.1 %"}
"""What it states of the error rate of digits written in some way."""


def newest(folder: Path, entry: str) -> Path:
    """File of the newest version of an entry."""
    versions = sorted((folder / "data").glob(f"0*/{entry}/*/{entry}"))
    if not versions:
        raise SystemExit(f"There is no {entry} in {folder / 'data'}: make it with kedro run, then --pipeline analyse")
    return versions[-1]


def percent(value: float, digits: int = 2) -> str:
    """A fraction of 1 in percent, without the sign."""
    return f"{100 * value:.{digits}f}"


def numbers_table(folder: Path, metrics: dict[str, Any]) -> list[str]:
    """Rows of what a run comes to."""
    low, high = percent(metrics["accuracy_low"]), percent(metrics["accuracy_high"])
    parts = pd.read_parquet(newest(folder, "accuracy_by_part.parquet")).set_index("part")
    rows = [
        ("test accuracy", f"{percent(metrics['accuracy'])} % ({metrics['errors']} wrong)", f"{low} to {high} %"),
        *(
            (
                f"accuracy on the {parts.loc[part, 'examples']:,} {part} digits, not warped",
                f"{percent(parts.loc[part, 'accuracy'])} % ({parts.loc[part, 'errors']} wrong)",
                f"{percent(parts.loc[part, 'accuracy_low'])} to {percent(parts.loc[part, 'accuracy_high'])} %",
            )
            for part in parts.index
            if part != "test"
        ),
        ("the right digit is one of the two most probable", f"{percent(metrics['top_2_accuracy'])} %", ""),
        ("negative log-likelihood", f"{metrics['loss']:.4f} nats", ""),
        ("expected calibration error", f"{percent(metrics['expected_calibration_error'])} %", ""),
    ]
    return ["| Number | Value | 95 % interval |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]


def data_facts(folder: Path) -> list[str]:
    """What the analysis says of the digits and their neighbours."""
    nearest = pd.read_parquet(newest(folder, "nearest_training_digits.parquet"))
    doubtful = pd.read_parquet(newest(folder, "suspected_labels.parquet"))
    effects = pd.read_parquet(newest(folder, "style_effects.parquet"))
    fifths = effects[effects["measure"] == "nearest_distance"]
    same = percent((nearest["label"] == nearest["train_label"]).mean())
    shown = [
        f"{row['part']} {row['index']}: {row['label']}, rather {row['suggestion']}" for _, row in doubtful.iterrows()
    ]
    errors = [f"{row['errors']} of {row['examples']}" for _, row in fifths.iterrows()]
    return [
        f"- nearest training digit has the same label: {same} %; near-duplicates: "
        f"{len(pd.read_parquet(newest(folder, 'near_duplicates.parquet')))}",
        f"- wrong by fifth of the distance to it, the nearest first: {', '.join(errors)}",
        f"- suspected labels, {len(doubtful)} shown: {'; '.join(shown)}",
    ]


def pairs_table(pairs: pd.DataFrame, others: int = 2) -> list[str]:
    """Rows of the stated pairs, and of the most confused other ones."""
    stated = [(first, second) in STATED_PAIRS for first, second in zip(pairs["first"], pairs["second"], strict=True)]
    unstated = [not is_stated for is_stated in stated]
    shown = pd.concat([pairs[stated], pairs[unstated].head(others)])
    lines = ["| Pair | Stated | First for second | Second for first | Both together |", "|---|---|---|---|---|"]
    for row in shown.to_dict("records"):
        cells = [
            f"{percent(row[f'{name}rate'])} % ({percent(row[f'{name}rate_low'])} to {percent(row[f'{name}rate_high'])})"
            + (f", {row[name.removesuffix('_')]:.0f}" if name else "")
            for name in ("first_as_second_", "second_as_first_", "")
        ]
        stated_rate = STATED_PAIRS.get((row["first"], row["second"]), "")
        lines.append(f"| {row['first']} and {row['second']} | {stated_rate} | {' | '.join(cells)} |")
    return lines


def differences_table(rows: pd.DataFrame, name: str, stated: dict[str, str]) -> list[str]:
    """Rows with a difference and its interval."""
    counts = "group" in rows
    header = [name, "Stated", "Difference", "95 % interval", *(["Wrong"] if counts else [])]
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    for row in rows.to_dict("records"):
        low, high = (f"{100 * row[f'difference_{end}']:+.2f}" for end in ("low", "high"))
        title = row.get("group") or f"{row['intervention']} {row['strength']:+g} {row['unit']}"
        cells = [title, stated.get(title, ""), f"{100 * row['difference']:+.2f} %", f"{low} to {high} %"]
        cells += [f"{row['errors']} of {row['examples']:,}"] if counts else []
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="folder of the project; the current one")
    folder = parser.parse_args().project
    metrics = json.loads(newest(folder, "test_metrics.json").read_text())
    print(f"{metrics['dataset']}, {metrics['epochs']} epochs\n")
    print("\n".join(numbers_table(folder, metrics)), end="\n\n")
    print("\n".join(pairs_table(pd.read_parquet(newest(folder, "confused_pairs.parquet")))), end="\n\n")
    styles = pd.read_parquet(newest(folder, "style_differences.parquet"))
    print("\n".join(differences_table(styles, "Digits that are", STATED_STYLES)), end="\n\n")
    curves = pd.read_parquet(newest(folder, "style_interventions.parquet"))
    print("\n".join(differences_table(curves[curves["strength"] != 0], "Change", {})), end="\n\n")
    print("\n".join(data_facts(folder)))


if __name__ == "__main__":
    main()
