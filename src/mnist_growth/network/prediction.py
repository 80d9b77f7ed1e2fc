"""Predicting with a trained network: logits, loss, accuracy."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.network.interface import Network
from mnist_growth.network.mode import evaluation_mode

CHUNK = 500  # images per forward pass; a fixed number, so that every process gives the same bits
GPU_CHUNK = 4096  # the same for the score of a network on a GPU, which is idle between small pieces of work


@torch.inference_mode()
def predict_logits(network: Network, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return logits, float32 [N, C] of C classes, of images, uint8 [N, 28, 28].

    The network is used in evaluation mode and left in the mode it was in; images move to its device in chunks.
    """
    device = network.device
    with evaluation_mode(network):
        chunks = [
            network(torch.from_numpy(np.array(images[start : start + CHUNK])).to(device)).float().cpu()
            for start in range(0, len(images), CHUNK)
        ]
    return np.concatenate([chunk.numpy() for chunk in chunks]) if chunks else np.empty((0, network.classes), np.float32)


def accuracy_of(network: Network, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
    """Return the share of images, uint8 [N, 28, 28], whose labels, int64 [N], a network predicts."""
    return float(np.mean(predict_logits(network, images).argmax(axis=1) == labels))


@dataclass(frozen=True)
class Score:
    """Mean cross-entropy (natural logarithm) and share of correct answers."""

    loss: float
    accuracy: float


@torch.inference_mode()
def score(network: Network, images: Tensor, labels: Tensor, indices: Tensor) -> Score:
    """Return loss and accuracy on some of the images, without loading all of them at once.

    Args:
        network: In evaluation mode.
        images: uint8 [N, 28, 28].
        labels: int64 [N], on the device of the images.
        indices: Which of them to score, int64 [V].
    """
    device = network.device
    losses, corrects = [], []
    for chunk in torch.split(indices.to(images.device), GPU_CHUNK if device.type == "cuda" else CHUNK):
        logits = network(images.index_select(0, chunk).to(device))
        truth = labels.index_select(0, chunk).to(device)
        losses.append(F.cross_entropy(logits, truth, reduction="sum"))
        corrects.append((logits.argmax(1) == truth).sum())
    # A GPU is waited for only here.
    loss, correct = (sum(torch.stack(each).tolist()) for each in (losses, corrects))
    return Score(loss=loss / len(indices), accuracy=correct / len(indices))
