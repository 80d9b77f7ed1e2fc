"""Which images are worth a label: strategies of active learning."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

StrategyName = Literal["random", "uncertainty", "margin", "entropy", "badge"]
"""Strategies; see ``most_useful``."""

STRATEGIES: tuple[StrategyName, ...] = get_args(StrategyName)

_TINY = 1e-12  # probability below which the logarithm is not taken

Probabilities = NDArray[np.floating]


def uncertainty(probabilities: Probabilities) -> NDArray[np.floating]:
    """Return 1 - max p of each image, float [N] (Lewis and Gale 1994: least confidence)."""
    scores: NDArray[np.floating] = 1 - probabilities.max(axis=1)
    return scores


def margin(probabilities: Probabilities) -> NDArray[np.floating]:
    """Return 1 - (p1 - p2) of the two most probable classes of each image, float [N] (Scheffer et al. 2001)."""
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return 1 - (two[:, 1] - two[:, 0])


def entropy(probabilities: Probabilities) -> NDArray[np.floating]:
    """Return - sum p log p of each image in nats, float [N] (Shannon 1948)."""
    scores: NDArray[np.floating] = -(probabilities * np.log(np.maximum(probabilities, _TINY))).sum(axis=1)
    return scores


def gradient_length(probabilities: Probabilities, features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the length of the gradient that ``badge`` describes, of each image, float64 [N].

    Args:
        probabilities: Float [N, C].
        features: Inputs of the output layer, float [N, D].
    """
    lengths = (np.linalg.norm(each, axis=1) for each in (_errors(probabilities), features.astype(np.float64)))
    product: NDArray[np.float64] = np.prod(list(lengths), axis=0)
    return product


def _errors(probabilities: Probabilities) -> NDArray[np.float64]:
    """Return p - y with the most probable class as the label, float64 [N, C]."""
    errors = probabilities.astype(np.float64)
    errors[np.arange(len(errors)), probabilities.argmax(axis=1)] -= 1
    return errors


def badge(
    probabilities: Probabilities, features: NDArray[np.floating], count: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Choose images with large and different gradients (BADGE: Ash et al. 2020, algorithm 1).

    The gradient of the loss with respect to the output layer, if the most probable class were the label, is the outer
    product of p - y and the inputs h of that layer. It is large where the network is unsure. Images are chosen as the
    centres of k-means++: each with a probability proportional to its squared distance to the nearest one before. As in
    the code of its authors, the first one has the largest gradient. The products (p - y) h^T are not computed: the
    inner product of two of them is the product of the inner products of their factors.

    Args:
        probabilities: Float [N, C].
        features: Inputs of the output layer, float [N, D].
        count: Number of images to choose, at most N.
        generator: Of the choice.

    Returns:
        Positions, int64 [count], all different.
    """
    # Every choice reads all inputs: in float32, half as many bytes.
    errors, inputs = _errors(probabilities), np.asarray(features, np.float32)
    squares = gradient_length(probabilities, features) ** 2
    distances = np.full(len(squares), np.inf)
    chosen = [int(squares.argmax())]
    while len(chosen) < count:
        newest = chosen[-1]
        products = (errors @ errors[newest]) * (inputs @ inputs[newest])
        distances = np.minimum(distances, np.maximum(squares + squares[newest] - 2 * products, 0))
        distances[chosen] = 0
        total = distances.sum()
        if total > 0:
            chosen.append(int(generator.choice(len(distances), p=distances / total)))
        else:  # all others are copies of chosen ones
            rest = np.setdiff1d(np.arange(len(distances)), chosen)
            chosen.extend(generator.choice(rest, count - len(chosen), replace=False).tolist())
    return np.array(chosen, dtype=np.int64)


_SCORES: Mapping[str, Callable[[Probabilities], NDArray[np.floating]]] = {
    "uncertainty": uncertainty,
    "margin": margin,
    "entropy": entropy,
}


def most_useful(
    strategy: StrategyName,
    probabilities: Probabilities,
    features: NDArray[np.floating],
    count: int,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the images that a strategy wants the labels of.

    Args:
        strategy: ``random``; ``uncertainty``, ``margin`` or ``entropy``, the images with the largest scores; or
            ``badge``, which also wants them to differ.
        probabilities: Of the classes, float [N, C].
        features: Inputs of the output layer, float [N, D]; used by ``badge`` only.
        count: Number of images, from 1 to N.
        generator: Of random choices.

    Returns:
        Positions, int64 [count], all different, the most useful first.
    """
    if strategy == "random":
        return generator.choice(len(probabilities), count, replace=False)
    if strategy == "badge":
        return badge(probabilities, features, count, generator)
    return np.argsort(-_SCORES[strategy](probabilities), kind="stable")[:count]


def scores(
    strategy: StrategyName, probabilities: Probabilities, features: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Return how much a strategy wants the label of each image, were it the only one, float [N].

    Args:
        strategy: ``uncertainty``, ``margin`` or ``entropy``: its score; ``badge``: the length of the gradient;
            ``random``: NaN, as it has none.
        probabilities: Of the classes, float [N, C].
        features: Inputs of the output layer, float [N, D]; used by ``badge`` only.
    """
    if strategy == "random":
        return np.full(len(probabilities), np.nan)
    if strategy == "badge":
        return gradient_length(probabilities, features)
    return _SCORES[strategy](probabilities)
