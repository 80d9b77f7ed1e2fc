"""Detection of drift: comparison of recent images with the training digits.

`Features` are measured for every image, `DriftReference` is their distribution for training digits, and `compare`
measures the distance of a window of recent images from it. The package works on arrays and does not depend on the
source of the images.
"""

from mnist_growth.drift.comparison import FeatureDrift, compare, has_drifted
from mnist_growth.drift.config import DriftConfig, DriftLimits
from mnist_growth.drift.divergences import kl_divergence, population_stability_index, smoothed
from mnist_growth.drift.features import (
    CONTINUOUS,
    FEATURES,
    PREDICTION,
    STYLE,
    Features,
    collect,
    measure_images,
)
from mnist_growth.drift.histograms import count_all, histogram_table
from mnist_growth.drift.reference import (
    DriftReference,
    FeatureReference,
    load_reference,
    save_reference,
)
from mnist_growth.drift.watching import watch
from mnist_growth.drift.window import SlidingWindow

__all__ = [
    "CONTINUOUS",
    "FEATURES",
    "PREDICTION",
    "STYLE",
    "DriftConfig",
    "DriftLimits",
    "DriftReference",
    "FeatureDrift",
    "FeatureReference",
    "Features",
    "SlidingWindow",
    "collect",
    "compare",
    "count_all",
    "has_drifted",
    "histogram_table",
    "kl_divergence",
    "load_reference",
    "measure_images",
    "population_stability_index",
    "save_reference",
    "smoothed",
    "watch",
]
