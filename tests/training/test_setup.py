import numpy as np

from mnist_growth.digits import Split
from mnist_growth.training.setup import split_fingerprint


def test_splits_that_differ_in_any_way_have_different_fingerprints():
    parts = [([0, 1], [2, 3]), ([0], [1, 2, 3]), ([0, 1, 2], [3]), ([2, 3], [0, 1]), ([0, 1], [2, 4]), ([0, 1], [2])]
    splits = [Split(np.array(train), np.array(validation)) for train, validation in parts]

    assert len({split_fingerprint(split) for split in splits}) == len(splits)
    assert split_fingerprint(splits[0]) == split_fingerprint(Split(np.array([0, 1]), np.array([2, 3])))
