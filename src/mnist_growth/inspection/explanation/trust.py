"""Which attributions to trust, from measurements of their quality."""

import pandas as pd

TRUSTED = "faithful and depends on the weights"


def verdict(deletion_gain_low: float, insertion_gain_low: float, correlation: float, limit: float) -> str:
    """Return what the measurements of an attribution method say about it on one network.

    It is faithful if both curves are better than those of a random order, beyond the 95 % interval of the difference.
    It depends on the weights if its maps change when they are random.

    Args:
        deletion_gain_low: Lower bound of the area that deletion by the method saves.
        insertion_gain_low: Lower bound of the area that insertion by the method gains.
        correlation: Rank correlation of the maps of the network and of one with random weights.
        limit: Largest correlation of a method that depends on the weights.
    """
    faithful = deletion_gain_low > 0 and insertion_gain_low > 0
    depends = correlation <= limit
    if faithful and depends:
        return TRUSTED
    if faithful:
        return "faithful, but changes little with random weights"
    return "no better than a random order" + ("" if depends else ", and changes little with random weights")


def most_trusted(quality: pd.DataFrame) -> str | None:
    """Return the trusted method with the largest area between insertion and deletion curve; None without one.

    Args:
        quality: One row per method with the columns ``method``, ``verdict``, ``insertion_auc`` and ``deletion_auc``.
    """
    trusted = quality[quality["verdict"] == TRUSTED]
    if trusted.empty:
        return None
    best = int((trusted["insertion_auc"] - trusted["deletion_auc"]).to_numpy().argmax())
    return str(trusted["method"].iloc[best])
