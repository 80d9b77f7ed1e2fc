import pandas as pd
import pytest
from pydantic import ValidationError

import configured
from mnist_growth.compression import Recipe, choose

TABLE = pd.DataFrame(
    {
        "name": ["large", "middle", "small"],
        "validation_accuracy": [0.994, 0.993, 0.98],
        "accuracy": [0.9, 0.99, 0.999],  # has no part in the choice
        "bytes": [900_000, 400_000, 60_000],
        "latency_milliseconds": [0.05, 0.2, 0.1],
    },
    index=[1, 2, 3],  # the source network is row 0
)


def chosen(**constraints):
    constraints = {"max_accuracy_loss": None, **constraints}
    return choose(TABLE, 0.994, configured.compress(**constraints))


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        ({}, "small"),
        ({"max_accuracy_loss": 0.0}, "large"),
        ({"max_accuracy_loss": 0.0011}, "middle"),
        ({"max_bytes": 400_000}, "middle"),
        ({"max_bytes": 399_999}, "small"),
        ({"max_milliseconds": 0.15}, "large"),
        ({"max_milliseconds": 0.15, "max_bytes": 500_000}, "small"),
    ],
)
def test_the_smallest_or_most_accurate_that_meets_every_constraint_is_chosen(constraints, expected):
    assert chosen(**constraints) == expected


def test_the_closest_is_named_if_none_meets_the_constraints():
    with pytest.raises(
        ValueError, match=r"No candidate meets compress.max_bytes=50000; the closest, small, has 60,000"
    ):
        chosen(max_bytes=50_000)
    with pytest.raises(ValueError, match=r"max_bytes=410000, compress.max_accuracy_loss=0.0005; the closest, middle,"):
        chosen(max_bytes=410_000, max_accuracy_loss=0.0005)


@pytest.mark.parametrize(
    ("recipe", "problem"),
    [
        ({"weight_bits": 3}, "has weight_bits 3, which is not supported; set 2, 4 or 8"),
        ({"weight_bits": 8, "activation_bits": 4}, "has activation_bits 4, which is not supported; set 8"),
        ({"activation_bits": 8}, "has activation_bits but no weight_bits"),
    ],
)
def test_bits_that_are_not_supported_are_refused_by_name(recipe, problem):
    with pytest.raises(ValidationError, match=problem):
        Recipe(name="wrong", **recipe)


def test_two_recipes_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="several recipes of the name 'int4'"):
        configured.compress(variants=[{"name": "int4", "weight_bits": 4}] * 2)
