"""Pages of the documentation whose tables are written by benchmarks, between two marks."""

import re
import textwrap


def with_block(page: str, mark: str, text: str) -> str:
    """Replace the text between two marks of a page.

    Args:
        page: The page in Markdown.
        mark: The mark, which stands before and after the text.
        text: The new text.

    Raises:
        ValueError: The page does not have exactly two marks.
    """
    if page.count(mark) != 2:
        raise ValueError(f"The page has {page.count(mark)} marks {mark}; expected 2, around the tables.")
    return re.sub(f"{mark}.*{mark}", lambda _: f"{mark}\n\n{text.strip()}\n\n{mark}", page, flags=re.DOTALL)


def block(page: str, mark: str) -> str:
    """Return the text between two marks of a page."""
    return page.split(mark)[1].strip()


def between(page: str, start: str, end: str, text: str) -> str:
    """Replace the text between two different marks of a page.

    Raises:
        ValueError: The page does not have each mark once, in this order.
    """
    if page.count(start) != 1 or page.count(end) != 1 or page.index(start) > page.index(end):
        raise ValueError(f"The page does not have one {start} and one {end} after it.")
    before, after = page[: page.index(start)], page[page.index(end) :]
    return f"{before}{start}\n{text.strip()}\n{after}"


def wrapped(text: str) -> str:
    """Break the lines of a paragraph of the README."""
    return textwrap.fill(text, 125, break_long_words=False, break_on_hyphens=False)
