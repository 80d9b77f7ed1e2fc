import pytest
from versioned import OLD, OTHERS, OURS, numbers

from mnist_growth.hooks.resume import _load_the_same


@pytest.fixture
def digits(catalog, tmp_path):
    """A catalog with three versions of digits; the newest ones are those of another training."""
    for name in ("given", "made"):
        for version, value in ((OLD, 1), (OURS, 1), (OTHERS, 2)):
            numbers(tmp_path, name, save=version).save(value)
    return catalog


def test_a_resumed_training_loads_the_newest_data_that_it_began_with(digits):
    _load_the_same(digits, ["given", "made"], "fingerprint", str, {"fingerprint": "1"})

    assert digits.get("given").resolve_load_version() == OURS
    assert [digits.load(name) for name in ("given", "made")] == [1, 1]


def test_data_that_no_version_has_are_refused(digits):
    with pytest.raises(ValueError, match="another training: fingerprint was '3' and is '2'"):
        _load_the_same(digits, ["given", "made"], "fingerprint", str, {"fingerprint": "3"})


def test_a_requested_version_stays(digits, tmp_path):
    digits["given"] = numbers(tmp_path, "given", load=OTHERS)

    _load_the_same(digits, ["given", "made"], "fingerprint", str, {"fingerprint": "1"})

    assert digits.load("given") == 2
