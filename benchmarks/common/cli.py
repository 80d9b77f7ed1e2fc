"""The command line that all scripts share."""

import argparse


def parser(description: str | None, quick: str) -> argparse.ArgumentParser:
    """Make the parser of a script.

    Args:
        description: Documentation of the script, printed by `--help`.
        quick: What `--quick` changes.
    """
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--quick", action="store_true", help=f"trial run, not a measurement: {quick}")
    return made
