"""Where the answers of the network change: margins, planes and paths."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnist_growth.digits import Digits
from mnist_growth.evaluation import probabilities, spread_sample
from mnist_growth.inspection.explanation import (
    ExplanationConfig,
    Plane,
    margins,
    plane_through,
    principal_plane,
    probabilities_on,
)
from mnist_growth.machine import use_threads
from mnist_growth.network import Network, TrainedNetwork, evaluation_mode
from mnist_growth.network.interface import PIXEL_RANGE
from mnist_growth.pipelines.explain.inputs import as_tensors
from mnist_growth.progress import track

THREE, PRINCIPAL = "three digits", "largest variance"
STRAIGHT, SHORTEST = "straight line", "shortest path"

_CHUNK = 50  # digits at once, so that progress is shown often
_MARGIN = 0.25  # of the extent of the digits in a plane, around them
_BEYOND = 1.5  # how far the shortest path continues, as a multiple of the distance to the boundary


@use_threads(1)
def measure_margins(
    trained: TrainedNetwork, test_digits: Digits, explained_digits: pd.DataFrame, config: ExplanationConfig
) -> pd.DataFrame:
    """Return the distance of digits from the decision boundary.

    Returns:
        One row per digit: ``index``, ``label``, ``prediction``, ``confidence``, ``margin`` (Euclidean distance on the
        scale 0 to 1 of the grey values, an upper bound) and ``nearest_class``, on the other side.
    """
    chosen = spread_sample(explained_digits, config.margin_digits)
    images, classes = as_tensors(test_digits, chosen, trained)
    chunks = list(zip(torch.split(images, _CHUNK), torch.split(classes, _CHUNK), strict=True))
    with evaluation_mode(trained.network):
        found = [margins(trained.network, some, their) for some, their in track(chunks, len(images), _CHUNK)]
    return chosen[["index", "label", "prediction", "confidence"]].assign(
        margin=torch.cat([each.distance for each in found]).double().cpu().numpy(),
        nearest_class=torch.cat([each.classes for each in found]).cpu().numpy(),
    )


def choose_examples(explained_digits: pd.DataFrame) -> pd.DataFrame:
    """Return three correctly classified digits, of the two most confused classes and of the class closest to them.

    With two classes only, the third digit is another one of them. Classes without a correctly classified digit are left
    out; if fewer than two classes or three digits remain, all digits count, however they are classified.
    """
    correct = explained_digits[explained_digits["label"] == explained_digits["prediction"]]
    usable = correct if len(set(correct["label"])) > 1 and len(correct) > 2 else explained_digits
    labels = explained_digits["label"].to_numpy()
    found = probabilities(explained_digits)
    classes = np.unique(usable["label"])
    confusion = np.array([found[labels == label].mean(axis=0)[classes] for label in classes])
    mutual = np.triu(confusion + confusion.T, 1)
    first, second = np.unravel_index(mutual.argmax(), mutual.shape)
    closeness = (confusion + confusion.T)[[first, second]].sum(axis=0)
    closeness[[first, second]] = -1
    third = closeness.argmax() if len(classes) > 2 else first
    rows: list[int] = []
    for label in classes[[first, second, third]]:
        candidates = [*usable.index[usable["label"] == label], *usable.index]
        rows.append(next(row for row in candidates if row not in rows))
    return usable.loc[rows].reset_index(drop=True)


@use_threads(1)
def map_planes(
    trained: TrainedNetwork,
    test_digits: Digits,
    explained_digits: pd.DataFrame,
    config: ExplanationConfig,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what the network answers on the plane through three digits and on that of largest variance.

    Returns:
        - One row per plane and point of a square grid: ``plane``, ``x`` and ``y`` (distances on the scale 0 to 1 of the
          grey values), ``prediction`` and ``confidence``;
        - one row per plane and digit that is drawn on it: ``plane``, ``index``, ``label``, ``x`` and ``y``. The digits
          of the first plane are on it, those of the second are projected onto it.
    """
    examples = choose_examples(explained_digits)
    three, _ = as_tensors(test_digits, examples, trained)
    chosen = spread_sample(explained_digits, config.unit_digits)
    many, _ = as_tensors(test_digits, chosen, trained)
    given = [(THREE, plane_through(three), three, examples), (PRINCIPAL, principal_plane(many), many, chosen)]
    grids, points = [], []
    with evaluation_mode(trained.network):
        for name, plane, images, table in given:
            places = plane.coordinates(images)
            grids.append(_grid(trained.network, plane, places, config.plane_side).assign(plane=name))
            coordinates = (places.double() / PIXEL_RANGE).cpu().numpy()
            points.append(table[["index", "label"]].assign(plane=name, x=coordinates[:, 0], y=coordinates[:, 1]))
    return pd.concat(grids, ignore_index=True), pd.concat(points, ignore_index=True)


def _grid(network: Network, plane: Plane, places: Tensor, side: int) -> pd.DataFrame:
    """Return the answers on a grid around some places of a plane."""
    low, high = places.amin(dim=0), places.amax(dim=0)
    edge = _MARGIN * (high - low)
    across, along = (
        torch.linspace(float(start), float(stop), side, dtype=places.dtype, device=places.device)
        for start, stop in zip(low - edge, high + edge, strict=True)
    )
    coordinates = torch.cartesian_prod(across, along)
    found = probabilities_on(network, plane, coordinates)
    confidence, prediction = (each.cpu().numpy() for each in found.max(dim=1))
    values = (coordinates.double() / PIXEL_RANGE).cpu().numpy()
    return pd.DataFrame({"x": values[:, 0], "y": values[:, 1], "prediction": prediction, "confidence": confidence})


@use_threads(1)
def follow_paths(
    trained: TrainedNetwork, test_digits: Digits, explained_digits: pd.DataFrame, config: ExplanationConfig
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return how the answer changes from one digit to another, and on the shortest path found to the other's class.

    Returns:
        - One row per path and step: ``path``, ``from_index`` and ``to_index`` (digits), ``from_class`` and
          ``to_class``, ``distance`` (from the first digit, on the scale 0 to 1 of the grey values),
          ``from_probability`` and ``to_probability`` of the two classes, ``prediction`` and ``confidence``;
        - the images of the rows, uint8 [N, 28, 28]; grey values of the shortest path are limited to 0 to 255 there.
    """
    pair = choose_examples(explained_digits).head(2)
    images, classes = as_tensors(test_digits, pair, trained)
    network = trained.network
    with evaluation_mode(network):
        reached = margins(network, images[:1], classes[:1], classes[1:])
        ends = {STRAIGHT: images[1], SHORTEST: images[0] + _BEYOND * (reached.points[0] - images[0])}
        tables, pictures = [], []
        for path, end in ends.items():
            shares = torch.linspace(0, 1, config.path_steps + 1, dtype=images.dtype, device=images.device)
            points = images[0] + shares.reshape(-1, 1, 1) * (end - images[0])
            with torch.no_grad():
                found = network(points).double().softmax(dim=1).cpu().numpy()
            length = float((end - images[0]).norm()) / PIXEL_RANGE
            tables.append(_path_table(path, pair, shares.double().cpu().numpy() * length, found, classes.tolist()))
            pictures.append(points.clamp(0, PIXEL_RANGE).round().byte().cpu().numpy())
    return pd.concat(tables, ignore_index=True), np.concatenate(pictures)


def _path_table(
    path: str, pair: pd.DataFrame, distance: np.ndarray, found: np.ndarray, classes: Sequence[int]
) -> pd.DataFrame:
    """Return the rows of one path."""
    first, second = pair["index"].tolist()
    return pd.DataFrame(
        {
            "path": path,
            "from_index": first,
            "to_index": second,
            "from_class": classes[0],
            "to_class": classes[1],
            "distance": distance,
            "from_probability": found[:, classes[0]],
            "to_probability": found[:, classes[1]],
            "prediction": found.argmax(axis=1),
            "confidence": found.max(axis=1),
        }
    )
