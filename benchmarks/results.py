"""Print the tables of docs/results.md from the newest versions in data/, in Markdown.

kedro run && kedro run --pipeline analyse && python benchmarks/results.py
"""

import argparse
import json
from pathlib import Path

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


def pairs_table(pairs: pd.DataFrame, others: int = 2) -> list[str]:
    """Rows of the stated pairs, and of the most confused other ones."""
    stated = [(first, second) in STATED_PAIRS for first, second in zip(pairs["first"], pairs["second"], strict=True)]
    unstated = [not is_stated for is_stated in stated]
    shown = pd.concat([pairs[stated], pairs[unstated].head(others)])
    lines = ["| Pair | Stated | First for second | Second for first | Both together |", "|---|---|---|---|---|"]
    for row in shown.to_dict("records"):
        cells = [
            f"{percent(row[f'{name}rate'])} % ({percent(row[f'{name}rate_low'])} to {percent(row[f'{name}rate_high'])})"
            for name in ("first_as_second_", "second_as_first_", "")
        ]
        stated_rate = STATED_PAIRS.get((row["first"], row["second"]), "")
        lines.append(f"| {row['first']} and {row['second']} | {stated_rate} | {' | '.join(cells)} |")
    return lines


def differences_table(rows: pd.DataFrame, name: str, stated: dict[str, str]) -> list[str]:
    """Rows with a difference and its interval."""
    lines = [f"| {name} | Stated | Difference | 95 % interval |", "|---|---|---|---|"]
    for row in rows.to_dict("records"):
        low, high = (f"{100 * row[f'difference_{end}']:+.2f}" for end in ("low", "high"))
        title = row.get("group") or f"{row['intervention']} {row['strength']:+g} {row['unit']}"
        lines.append(f"| {title} | {stated.get(title, '')} | {100 * row['difference']:+.2f} % | {low} to {high} % |")
    return lines


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--project", type=Path, default=Path.cwd(), help="folder of the project; the current one")
    folder = parser.parse_args().project
    metrics = json.loads(newest(folder, "test_metrics.json").read_text())
    low, high = percent(metrics["accuracy_low"]), percent(metrics["accuracy_high"])
    accuracy = f"{percent(metrics['accuracy'])} % ({low} to {high} %)"
    print(f"{metrics['dataset']}: accuracy {accuracy}, {metrics['epochs']} epochs\n")
    print("\n".join(pairs_table(pd.read_parquet(newest(folder, "confused_pairs.parquet")))), end="\n\n")
    styles = pd.read_parquet(newest(folder, "style_differences.parquet"))
    print("\n".join(differences_table(styles, "Digits that are", STATED_STYLES)), end="\n\n")
    curves = pd.read_parquet(newest(folder, "style_interventions.parquet"))
    print("\n".join(differences_table(curves[curves["strength"] != 0], "Change", {})))


if __name__ == "__main__":
    main()
