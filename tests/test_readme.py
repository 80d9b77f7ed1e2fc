"""What the README says is true: its commands and example."""

import re

import numpy as np

from documents import README, ROOT, python_example

TEXT = README.read_text("utf-8")


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 160


def test_the_two_commands_come_before_any_section():
    introduction = TEXT.split("\n## ")[0]
    assert re.findall(r"^make (\w+)", introduction, re.MULTILINE) == ["run", "test"]


def test_every_make_target_named_exists():
    targets = set(re.findall(r"^make ([\w-]+)|`make ([\w-]+)", TEXT, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in {name for names in targets for name in names if name}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_example_widens_a_network_without_changing_its_function(capsys):
    code = python_example(TEXT)
    exec(code, names := {})
    assert len([line for line in code.splitlines() if line]) <= 10
    assert names["change"] <= 1e-6 * np.abs(names["mg"].predict_logits(names["small"], names["images"])).max()
    assert capsys.readouterr().out.startswith("(128, 128) -> (192, 192): the logits changed by ")
