"""The list of mutants fits the code."""

import ast

import pytest

from benchmarks.common.paths import PROJECT
from benchmarks.mutation.mutants import MUTANTS
from benchmarks.mutation.project_copy import PACKAGE, ProjectCopy, replaced
from benchmarks.mutation.sampled import changes_only_text


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_listed_mutant_can_be_applied_and_is_other_code(mutant):
    content = (PROJECT / PACKAGE / mutant.file).read_text("utf-8")

    changed = replaced(content, mutant.file, mutant.old, mutant.new)

    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(content))
    assert all((PROJECT / "tests" / name).exists() for name in mutant.tests.split())


def test_mutants_have_different_names():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_a_text_that_is_gone_or_occurs_twice_is_named():
    for content in ("b", "a a"):
        with pytest.raises(ValueError, match=r"x.py contains 'a' [02] times; expected once: adapt the mutant"):
            replaced(content, "x.py", "a", "c")


@pytest.fixture
def small_project(tmp_path):
    """A project of one function with one test."""
    (tmp_path / "src/mnist_growth").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "src/mnist_growth/__init__.py").write_text("def half(number):\n    return number / 2\n")
    (tmp_path / "tests/test_half.py").write_text(
        "from mnist_growth import half\n\ndef test_half():\n    assert half(3) == 1.5\n"
    )
    return ProjectCopy(tmp_path)


def test_tests_run_on_the_changed_code_and_the_change_is_undone(small_project):
    assert small_project.passes(["test_half.py"])
    with small_project.changed("__init__.py", "number / 2", "number // 2"):
        assert not small_project.passes(["test_half.py"])
    assert small_project.passes(["test_half.py"])


def test_tests_that_do_not_end_count_as_failed(small_project):
    with small_project.changed("__init__.py", "    return", "    while True: pass\n    return"):
        assert not small_project.passes(["test_half.py"], timeout=5)


def test_tests_that_cannot_run_are_an_error(small_project):
    with pytest.raises(RuntimeError, match="pytest ended with exit code 4"):
        small_project.passes(["test_other.py"])


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ("-    raise ValueError('a')\n+    raise ValueError('XXaXX')", True),
        ('-    f(f"{a} b", 1)\n+    f(f"XX{a} bXX", 1)', True),
        ("-    f('a', 1)\n+    f('a', 2)", False),
        ("-    f('a', 1)\n+    f(None, 1)", False),
        ("-    a = b + 1\n-    c\n+    a = b - 1\n+    c", False),
    ],
)
def test_survivors_that_change_only_a_text_are_told_apart(difference, expected):
    assert changes_only_text(difference) is expected
