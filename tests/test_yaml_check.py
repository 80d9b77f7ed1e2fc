import time

import pytest

from mnist_growth.yaml_check import MAX_DEPTH, MAX_NODES, check_mapping, check_yaml

LAUGHS = "\n".join(
    ["a: &a [x, x, x, x, x, x, x, x, x]"]
    + [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    ]
)
"""Four billion values in 400 bytes."""


def test_aliases_are_counted_as_what_they_stand_for_without_expanding_them():
    started = time.perf_counter()

    with pytest.raises(ValueError, match=f"more than {MAX_NODES:,} values when its aliases are expanded"):
        check_yaml(LAUGHS)

    assert time.perf_counter() - started < 1


def test_the_limit_is_the_number_of_values():
    check_yaml(f"[{'x,' * (MAX_NODES - 1)}]")

    with pytest.raises(ValueError, match="more than"):
        check_yaml(f"[{'x,' * MAX_NODES}]")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1",
        "a: &a {b: 1}\nc: {<<: *a, d: *a}\ne: {<<: *a}",
        "[{epoch: 1, neurons: 64}]",
        "a: !!str 1",
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
    ],
)
def test_ordinary_text_is_accepted(text):
    check_yaml(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, f"more than {MAX_DEPTH} collections"),
        ("a: &a [*a]", r"the alias \*a stands for nothing, or for what contains it"),
        ("a: *b", r"alias"),
        ("a: !!python/object/apply:os.system [ls]", "line 1 has the tag '!!python/object/apply:os.system'"),
        ("a: 1\nb: !mine 2", "line 2 has the tag '!mine'"),
        ("a: 1\nb: {c: 1, c: 2}", "the key 'c' more than once in the mapping of line 2"),
        ("a:\n\tb: 1", "line 2: "),
        ("a: \0", "control characters|not allowed"),
    ],
)
def test_other_text_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        check_yaml(text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: caf\xe9", "byte 6 is not UTF-8"),
        (b"- 1\n- 2", "it contains a list"),
        (b"hello", "it contains a single value"),
        (b"a: 1\n2: 3", "line 2 has the key '2', which is not a name"),
    ],
)
def test_a_file_contains_a_mapping_of_names(content, reason):
    with pytest.raises(ValueError, match=reason):
        check_mapping(content)


@pytest.mark.parametrize("content", [b"", b"# only a comment\n", b"a:\n", b"_a: &a {b: 1}\nc:\n  <<: *a\n"])
def test_a_file_may_be_empty_or_have_merged_mappings(content):
    check_mapping(content)
