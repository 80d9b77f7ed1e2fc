from pydantic import BaseModel

from mnist_growth.nested import flatten, merge


class _Model(BaseModel):
    rate: float = 0.5
    widths: list[int] = [1, 2]


def test_flat_names_of_nested_parameters():
    nested = {"a": {"b": {"c": 1}, "d": None}, "e": True, "empty": {}, "model": _Model()}

    assert flatten(nested) == {
        "a.b.c": 1,
        "a.d": None,
        "e": True,
        "empty": {},
        "model.rate": 0.5,
        "model.widths": [1, 2],
    }


def test_merging_leaves_its_inputs_as_they_are():
    tree, changes = {"a": {"b": 1, "c": 2}, "d": {"e": 3}}, {"a": {"b": 5}, "d": 4, "f": 6}

    assert merge(tree, changes) == {"a": {"b": 5, "c": 2}, "d": 4, "f": 6}
    assert tree == {"a": {"b": 1, "c": 2}, "d": {"e": 3}}
