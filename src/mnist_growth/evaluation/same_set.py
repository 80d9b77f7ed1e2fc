"""The check that a network is evaluated on the set of digits that it was trained on."""

from mnist_growth.digits.digits import Digits


def check_same_set(trained_dataset: str, trained_fingerprint: str, digits: Digits, entry: str = "network") -> None:
    """Refuse test digits that do not belong to the set that a network was trained on.

    Args:
        trained_dataset: Name of the set that the network was trained on.
        trained_fingerprint: SHA-256 of that set.
        digits: The digits that the network is to be evaluated on.
        entry: Name of the network in the catalog.

    Raises:
        ValueError: The fingerprints differ: the numbers would describe neither set, and where the two sets overlap the
            network could be tested on digits that it has learned.
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
        "evaluate it with the digits it was trained on (--load-versions test_digits:<version>), or pick a network that "
        f"was trained on these (--load-versions {entry}:<version>)"
    )
