from pydantic import BaseModel

from mnist_growth.nested import flatten


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
