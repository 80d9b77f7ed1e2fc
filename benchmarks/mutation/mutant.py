"""One plausible mistake."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One wrong version of the code.

    Attributes:
        name: What is wrong.
        file: Changed file, relative to the package.
        old: Text that occurs once in the file.
        new: Text that replaces it.
        tests: Tests that should fail, relative to the folder of the tests, separated by spaces.
    """

    name: str
    file: str
    old: str
    new: str
    tests: str
