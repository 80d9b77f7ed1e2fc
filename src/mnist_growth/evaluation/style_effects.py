"""Effects of the writing style of digits on the error rate."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.evaluation.intervals import difference_interval, wilson_interval

COUNTS = ("components", "gaps", "holes", "end_points")
"""Measures that are small integers: digits are grouped by value, not by quantile."""

_LARGEST_COUNT = 3  # larger counts are rare and belong to the same group


def style_measures(style: pd.DataFrame) -> pd.DataFrame:
    """Return the measures that may make a digit difficult, one column each, from the columns of ``digits.Style``.

    ``lean`` is the absolute slant, and ``offset`` the distance in pixels between the centres of the bounding box and
    the image; the others are columns of the style.
    """
    x = style["left"] + style["width"] / 2 - 14
    y = style["top"] + style["height"] / 2 - 14
    kept = style[["slant", "thickness", "ink", "width", *COUNTS]]
    return kept.assign(lean=style["slant"].abs(), offset=np.hypot(x, y))


def style_effects(measures: pd.DataFrame, wrong: NDArray[np.bool_], quantiles: int) -> pd.DataFrame:
    """Return the error rate of digits grouped by each measure.

    Args:
        measures: One column per measure, one row per digit; digits whose measure is NaN are omitted.
        wrong: Which predictions are wrong, bool [N].
        quantiles: Number of groups of nearly equal size per measure; measures in ``COUNTS`` have one group for each
            value up to 2 and one for 3 or more.

    Returns:
        One row per measure and group, in ascending order of the values: ``measure``, ``group`` (1, 2, ...),
        ``smallest``, ``median`` and ``largest`` value in it, ``examples`` and ``errors`` (int64), ``error_rate`` with
        its 95 % Wilson interval ``error_rate_low`` to ``error_rate_high`` (fractions of 1).
    """
    rows = []
    for measure in measures.columns:
        values = measures[measure].to_numpy(dtype=np.float64)
        known = ~np.isnan(values)
        groups = np.clip(values, None, _LARGEST_COUNT) if measure in COUNTS else _quantile_groups(values, quantiles)
        for number, group in enumerate(np.unique(groups[known]), start=1):
            members = known & (groups == group)
            rows.append(
                {
                    "measure": measure,
                    "group": number,
                    "smallest": values[members].min(),
                    "median": float(np.median(values[members])),
                    "largest": values[members].max(),
                    "examples": int(members.sum()),
                    "errors": int((members & wrong).sum()),
                }
            )
    table = pd.DataFrame(rows)
    low, high = wilson_interval(table["errors"], table["examples"])
    return table.assign(error_rate=table["errors"] / table["examples"], error_rate_low=low, error_rate_high=high)


def _quantile_groups(values: NDArray[np.float64], quantiles: int) -> NDArray[np.float64]:
    """Return the index of the quantile of each value; equal values are in the same quantile."""
    edges = np.nanquantile(values, np.linspace(0, 1, quantiles + 1)[1:-1])
    return np.searchsorted(np.unique(edges), values, side="left").astype(np.float64)


def style_groups(style: pd.DataFrame) -> Mapping[str, tuple[str, NDArray[np.bool_]]]:
    """Return groups of digits with an unusual writing style.

    Args:
        style: The columns of ``digits.Style``.

    Returns:
        By name: a description with its thresholds, and the members, bool [N].
    """
    lean, thickness = style["slant"].abs().to_numpy(), style["thickness"].to_numpy()
    area = (style["width"] * style["height"]).to_numpy()
    large_lean, small = float(np.nanquantile(lean, 0.8)), float(np.quantile(area, 0.2))
    thin, thick = (float(np.nanquantile(thickness, share)) for share in (0.2, 0.8))
    incomplete = ((style["components"] > 1) | (style["gaps"] > 0)).to_numpy()
    return {
        "slanted": (f"leans by more than {large_lean:.1f} degrees either way", lean > large_lean),
        "thick": (f"stroke wider than {thick:.2f} pixels", thickness > thick),
        "thin": (f"stroke narrower than {thin:.2f} pixels", thickness < thin),
        "incomplete": ("more than one part, or a gap in the stroke", incomplete),
        "small": (f"box of less than {small:.0f} square pixels", area < small),
    }


def style_differences(style: pd.DataFrame, wrong: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the difference in error rate between each group with an unusual writing style and all other digits.

    Args:
        style: The columns of ``digits.Style``, one row per digit.
        wrong: Which predictions are wrong, bool [N].

    Returns:
        One row per group of ``style_groups``: ``group``, ``meaning``, ``examples`` and ``errors`` (int64) and
        ``error_rate`` of its members, ``other_examples``, ``other_errors`` and ``other_error_rate`` of the rest, and
        the ``difference`` of the rates with its 95 % interval ``difference_low`` to ``difference_high`` (fractions of
        1).
    """
    rows = []
    for name, (meaning, members) in style_groups(style).items():
        examples, errors = int(members.sum()), int((members & wrong).sum())
        rows.append(
            {
                "group": name,
                "meaning": meaning,
                "examples": examples,
                "errors": errors,
                "other_examples": len(wrong) - examples,
                "other_errors": int(wrong.sum()) - errors,
            }
        )
    table = pd.DataFrame(rows)
    counts = [table[column] for column in ("errors", "examples", "other_errors", "other_examples")]
    low, high = difference_interval(*counts)
    rate, other = table["errors"] / table["examples"], table["other_errors"] / table["other_examples"]
    return table.assign(
        error_rate=rate, other_error_rate=other, difference=rate - other, difference_low=low, difference_high=high
    )
