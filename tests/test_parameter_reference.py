import pytest

from docs.generate_parameters import CONF, FILES, PAGE, Comment, allowed, comments, page


def test_the_page_is_the_one_that_conf_base_gives():
    assert PAGE.read_text("utf-8") == page(), "Run `python -m docs.generate_parameters`"


def test_the_page_describes_every_file_of_parameters():
    assert {path.stem for path in CONF.glob("base/parameters_*.yml")} == {f"parameters_{name}" for name in FILES}


def test_a_comment_is_the_unit_and_the_meaning_of_what_is_below_it(tmp_path):
    path = tmp_path / "parameters.yml"
    path.write_text(
        "# A group.\na:\n  # [images] Size,\n  # on two lines.\n  b: 1\n\n"
        "  # Inner.\n  c:\n    # [name] Kind.\n    d: x\n"
    )

    assert comments(path) == {
        "a": Comment("", "A group."),
        "a.b": Comment("images", "Size, on two lines."),
        "a.c": Comment("", "Inner."),
        "a.c.d": Comment("name", "Kind."),
    }


@pytest.mark.parametrize(
    "comment",
    ["", "# Without a unit.", "# [epochs] without a capital letter.", "# [epochs]", "# [epochs] No full stop"],
)
def test_a_parameter_without_unit_and_meaning_is_refused(tmp_path, comment):
    path = tmp_path / "parameters.yml"
    path.write_text(f"# A group.\na:\n  {comment}\n  b: 1\n")

    with pytest.raises(ValueError, match=r"The comment above a\.b in .* expected the form '# \[unit\] Text\.'"):
        comments(path)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 65536}, "integer, 1 to 65,536"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "above 0, at most 1"),
        ({"type": "integer", "minimum": 0, "exclusiveMaximum": 2**63}, "integer, at least 0, below 2^63"),
        ({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, "integer, at least 1, or `null`"),
        ({"enum": ["light", "dark"]}, "`light`, `dark`"),
        ({"type": "boolean"}, "`true`, `false`"),
    ],
)
def test_allowed_values_in_words(schema, words):
    assert allowed(schema) == words
