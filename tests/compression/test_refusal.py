"""Networks that cannot be compressed."""

import numpy as np
import pytest

import configured
from bypass_network import Bypass, BypassSpec
from mnist_growth.compression import check_compressible
from mnist_growth.digits import MNIST_PIXELS, Split
from mnist_growth.network import TrainedNetwork
from mnist_growth.training import split_fingerprint

SPLIT = Split(np.arange(8), np.arange(8, 10))
TRAINED = TrainedNetwork(
    Bypass(BypassSpec(sizes=(5, 4)), MNIST_PIXELS), "sample", "0", 1, split=split_fingerprint(SPLIT)
)


def test_recipes_that_quantise_are_refused_by_name_for_a_network_that_is_no_chain():
    recipes = configured.compress().variants
    quantising = [recipe.name for recipe in recipes if recipe.weight_bits]

    with pytest.raises(ValueError, match=rf"kind 'bypass' cannot be quantised.*\({', '.join(quantising)}\)$"):
        check_compressible(TRAINED, SPLIT, recipes)
    check_compressible(TRAINED, SPLIT, [recipe for recipe in recipes if recipe.name not in quantising])
