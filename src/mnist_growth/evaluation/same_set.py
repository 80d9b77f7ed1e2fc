"""Check that a network is evaluated, measured and calibrated on the data set that it was trained on."""

from mnist_growth.digits.digits import Digits


def check_same_set(trained_dataset: str, trained_fingerprint: str, digits: Digits, entry: str = "network") -> None:
    """Raise an error if test digits do not belong to the data set that a network was trained on.

    Args:
        trained_dataset: Name of the training data set.
        trained_fingerprint: SHA-256 of the training data set.
        digits: Test digits for the evaluation.
        entry: Name of the network in the catalog.

    Raises:
        ValueError: The fingerprints differ. The metrics would describe neither data set, and if the data sets overlap,
            test digits could be training digits.
    """
    if digits.fingerprint == trained_fingerprint:
        return
    if digits.dataset == trained_dataset:
        trained_on = f"'{trained_dataset}' with the fingerprint {trained_fingerprint[:12]}"
        tested_on = f"'{digits.dataset}' with the fingerprint {digits.fingerprint[:12]}"
    else:
        trained_on, tested_on = f"'{trained_dataset}'", f"'{digits.dataset}'"
    raise ValueError(
        f"The {entry.replace('_', ' ')} was trained on {trained_on}, but the test digits are from {tested_on}: "
        "evaluate it with the digits it was trained on (--load-versions test_digits:<version>), or select a network "
        f"that was trained on these (--load-versions {entry}:<version>)"
    )


def check_training_digits(trained_dataset: str, trained_fingerprint: str, digits: Digits) -> None:
    """Raise an error if training digits do not belong to the data set that a network was trained on.

    Args:
        trained_dataset: Name of the training data set.
        trained_fingerprint: SHA-256 of the training data set.
        digits: Training digits that the network is to be measured on.

    Raises:
        ValueError: The fingerprints differ.
    """
    if digits.fingerprint != trained_fingerprint:
        raise ValueError(
            f"The network was trained on {trained_dataset!r}, but the digits ingested last are of another set "
            f"({digits.dataset!r}): name its own (--load-versions train_digits:<version>)"
        )
