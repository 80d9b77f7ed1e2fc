"""Where an attention network looks: rollout for one digit of each class, and the maps of all heads for one digit."""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch

from mnist_growth import figures
from mnist_growth.digits import Digits
from mnist_growth.inspection.explanation import attention_rollout
from mnist_growth.machine import use_threads
from mnist_growth.network import TrainedNetwork, evaluation_mode
from mnist_growth.pipelines.explain.inputs import as_tensors

_COLUMNS = ("index", "label", "prediction", "block", "head", "row", "column", "attention")


@use_threads(1)
def measure_attention(trained: TrainedNetwork, test_digits: Digits, explained_digits: pd.DataFrame) -> pd.DataFrame:
    """Return how much attention each patch receives.

    Returns:
        One row per patch of a map: ``index``, ``label``, ``prediction``, ``block`` and ``head`` (counted from 1; both 0
        for the rollout of a digit), ``row`` and ``column`` of the patch, and ``attention``, the share of the patch in
        the map. There is one rollout for one digit of each class, and one map for each head for the first of them: the
        mean over all tokens of the weights with which they take in the patch. Empty for a network without attention.
    """
    examples = explained_digits.drop_duplicates("label").sort_values("label").reset_index(drop=True)
    images, _ = as_tensors(test_digits, examples, trained)
    with evaluation_mode(trained.network), torch.no_grad():
        weights = trained.network.attention_weights(images)
    if weights is None:
        return pd.DataFrame(columns=_COLUMNS)
    about = examples[["index", "label", "prediction"]].to_dict("records")
    maps = [
        _map(digit, 0, 0, shares) for digit, shares in zip(about, attention_rollout(weights).cpu().numpy(), strict=True)
    ]
    for block, heads in enumerate(weights, start=1):
        received = heads[0].mean(dim=1).cpu().numpy()  # [heads, T]
        maps += [_map(about[0], block, head, shares) for head, shares in enumerate(received, start=1)]
    return pd.concat(maps, ignore_index=True)


def draw_attention(
    attention_maps: pd.DataFrame, test_digits: Digits, trained: TrainedNetwork, provenance: str
) -> go.Figure:
    """Return the figure of the attention maps, or one that says that the network has no attention."""
    figure = figures.attention_maps(attention_maps, test_digits.images, trained.class_names)
    return figures.stamp(figure, provenance)


def _map(digit: Mapping[Hashable, int], block: int, head: int, shares: np.ndarray) -> pd.DataFrame:
    """Return one row per patch of a map."""
    row, column = np.divmod(np.arange(len(shares)), round(len(shares) ** 0.5))
    return pd.DataFrame({**digit, "block": block, "head": head, "row": row, "column": column, "attention": shares})
