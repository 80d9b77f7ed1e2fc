"""Figures of tables and of stacks of images; nothing else in the project draws.

A function takes what is to be seen and returns a plotly figure; ``stamp`` says on it where the numbers come from.
"""

from mnist_growth.figures.confusion import confusion_matrix
from mnist_growth.figures.digits import sample_predictions, warps, worst_mistakes
from mnist_growth.figures.growth import growth
from mnist_growth.figures.learning_curves import learning_curves
from mnist_growth.figures.memory import memory
from mnist_growth.figures.page import page
from mnist_growth.figures.provenance import describe_dataset, stamp

__all__ = [
    "confusion_matrix",
    "describe_dataset",
    "growth",
    "learning_curves",
    "memory",
    "page",
    "sample_predictions",
    "stamp",
    "warps",
    "worst_mistakes",
]
