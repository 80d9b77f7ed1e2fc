"""The capsules of a capsule network for one digit of each class."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import torch

from mnist_growth import figures
from mnist_growth.digits import Digits
from mnist_growth.machine import use_threads
from mnist_growth.network import Capsules, TrainedNetwork, evaluation_mode
from mnist_growth.pipelines.explain.inputs import as_tensors

_LENGTHS = ("index", "label", "prediction", "layer", "capsule", "length")
_COUPLINGS = ("index", "label", "prediction", "capsule", "class", "coupling")


@use_threads(1)
def measure_capsules(
    trained: TrainedNetwork, test_digits: Digits, explained_digits: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the lengths of all capsules for one digit of each class, and the couplings for the first of them.

    Returns:
        - One row per digit and capsule: ``index``, ``label``, ``prediction``, ``layer`` (primary or digit), ``capsule``
          (its number; the class for a digit capsule), and ``length``;
        - one row per primary capsule and class: ``index``, ``label``, ``prediction``, ``capsule``, ``class`` and
          ``coupling``, the part of the capsule's vote that goes to the class.

        Both are empty for a network without capsules.
    """
    examples = explained_digits.drop_duplicates("label").sort_values("label").reset_index(drop=True)
    images, _ = as_tensors(test_digits, examples, trained)
    with evaluation_mode(trained.network), torch.no_grad():
        capsules = trained.network.capsules(images)
    if capsules is None:
        return pd.DataFrame(columns=_LENGTHS), pd.DataFrame(columns=_COUPLINGS)
    about = examples[["index", "label", "prediction"]]
    return _lengths(about, capsules), _couplings(about, capsules)


def draw_capsules(
    capsule_lengths: pd.DataFrame, capsule_couplings: pd.DataFrame, trained: TrainedNetwork, provenance: str
) -> go.Figure:
    """Return the figure of the lengths and couplings of the capsules, or one that says that there are none."""
    return figures.stamp(figures.capsules(capsule_lengths, capsule_couplings, trained.class_names), provenance)


def _lengths(about: pd.DataFrame, capsules: Capsules) -> pd.DataFrame:
    """Return one row per digit and capsule."""
    tables = []
    for layer, lengths in (("primary", capsules.primary), ("digit", capsules.digits)):
        digit, capsule = np.indices(lengths.shape).reshape(2, -1)
        values = pd.DataFrame({"layer": layer, "capsule": capsule, "length": lengths.cpu().numpy().ravel()})
        tables.append(pd.concat([about.iloc[digit].reset_index(drop=True), values], axis=1))
    return pd.concat(tables, ignore_index=True)


def _couplings(about: pd.DataFrame, capsules: Capsules) -> pd.DataFrame:
    """Return one row per primary capsule and class, for the first digit."""
    couplings = capsules.couplings[0].cpu().numpy()
    capsule, label = np.indices(couplings.shape).reshape(2, -1)
    repeated = about.iloc[np.zeros(couplings.size, dtype=int)].reset_index(drop=True)
    values = pd.DataFrame({"capsule": capsule, "class": label, "coupling": couplings.ravel()})
    return pd.concat([repeated, values], axis=1)
