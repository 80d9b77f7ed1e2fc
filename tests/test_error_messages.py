"""The sentence about an error."""

from pathlib import Path

import pytest
from kedro.config import MissingConfigException

from kedro_errors import wrapped_by_kedro
from mnist_growth.error_messages import error_message

ROOT = Path(__file__).parents[1]


def test_the_message_of_a_bug_has_its_type_and_how_to_see_the_traceback():
    assert error_message(KeyError("widths")) == "KeyError: 'widths' (`kedro run --verbose` shows the traceback)"
    assert error_message(ValueError()) == "ValueError (`kedro run --verbose` shows the traceback)"


def test_the_message_of_an_error_of_the_project_is_already_a_sentence():
    error = type("OwnError", (Exception,), {"__module__": "mnist_growth.training"})("The results are elsewhere")
    assert error_message(error) == "The results are elsewhere"


def test_the_message_of_an_operating_system_error_has_the_operation():
    full = wrapped_by_kedro(OSError(28, "No space left on device"))
    assert error_message(full) == "A file cannot be used: No space left on device; free some space, then run again"

    full.add_note("Cannot save data/x.parquet")
    assert error_message(full) == "Cannot save data/x.parquet: No space left on device; free some space, then run again"
    assert error_message(PermissionError(13, "Permission denied", "data/y")) == (
        "Cannot use data/y: Permission denied; give this user write access, then run again"
    )


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 1 TiB for an array"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory:\nyou tried"),
    ],
)
def test_the_message_of_an_out_of_memory_error_says_what_to_do(error):
    assert error_message(error).startswith("Out of memory; free memory or decrease memory.budget_fraction")
    complete = MemoryError("Out of memory with 2 images; free memory, then `kedro run --pipeline resume`")
    assert error_message(complete) == str(complete)


def test_an_unknown_environment_is_answered_with_the_existing_ones(monkeypatch):
    monkeypatch.chdir(ROOT)

    answer = error_message(MissingConfigException("nothing in conf/smoky"), "smoky")

    assert answer.startswith("There is no environment 'smoky'; expected one of attention, base, ")
    assert "smoke" in answer
    assert "local" not in answer
