"""Group patches of ink into digits, so that separate strokes of one digit stay together."""

from mnist_growth.digits.marks import Patch

_MIN_GAP = 0.05  # gap between two digits over the height of the taller one
_MAX_OVERLAP = 0.3  # of the columns (or rows) of the smaller one, at which two patches are side by side
_MIN_HEIGHT = 0.4  # of a digit, over the height of the tallest one
_MIN_STACKED_GAP = 0.12  # gap between two digits, one above the other, over the height of the taller one
_MAX_ASPECT = 1.6  # width over height of one digit; exceeded by 0.15 % of MNIST


def digits_of(found: list[Patch]) -> list[list[Patch]]:
    """Return the patches of each digit, the digit with most ink first; at least one digit if there are patches."""
    groups: list[list[Patch]] = []
    for patch in sorted(found, key=lambda patch: -patch.amount):
        joined = [group for group in groups if any(_are_one_digit(patch, other) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([patch, *(other for group in joined for other in group)])
    groups.sort(key=lambda group: -sum(patch.amount for patch in group))
    return groups


def count_digits(groups: list[list[Patch]]) -> int:
    """Return how many digits the groups show; a group that is too wide for one digit counts as two."""
    tallest = max(_height(group) for group in groups)
    large = [group for group in groups if _height(group) >= _MIN_HEIGHT * tallest]
    return sum(2 if _width(group) > _MAX_ASPECT * _height(group) else 1 for group in large)


def _are_one_digit(first: Patch, second: Patch) -> bool:
    columns = min(first.right, second.right) - max(first.left, second.left) + 1
    rows = min(first.bottom, second.bottom) - max(first.top, second.top) + 1
    height = max(first.height, second.height)
    similar = min(first.height, second.height) >= _MIN_HEIGHT * height
    if not similar:
        return -max(columns, rows) < 0.5 * height
    if columns < _MAX_OVERLAP * min(first.width, second.width) and -columns >= _MIN_GAP * height:
        return False
    return -rows < _MIN_STACKED_GAP * height


def _height(group: list[Patch]) -> int:
    return max(patch.bottom for patch in group) - min(patch.top for patch in group) + 1


def _width(group: list[Patch]) -> int:
    return max(patch.right for patch in group) - min(patch.left for patch in group) + 1
