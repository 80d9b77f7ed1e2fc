import subprocess
import sys
from pathlib import Path

import yaml
from click.testing import CliRunner

from mnist_growth import cli
from mnist_growth.environments import environments
from mnist_growth.pipeline_list import PIPELINES
from mnist_growth.pipeline_registry import register_pipelines

ROOT = Path(__file__).parents[1]


def test_every_pipeline_is_listed_with_what_it_does():
    assert PIPELINES.keys() == register_pipelines().keys()
    assert all(PIPELINES.values())


def test_the_help_of_run_names_pipelines_and_environments(monkeypatch):
    monkeypatch.chdir(ROOT / "src")

    text = CliRunner().invoke(cli.run, ["--help"], terminal_width=200).output
    words = " ".join(text.split())

    for name, what in PIPELINES.items():
        assert f"{name} {what}" in words
    assert "speed The fastest way to 98 % on MNIST: three epochs without warps, one growth" in words
    assert "ParallelRunner" not in text


def test_the_registry_lists_the_pipelines():
    result = CliRunner().invoke(cli.cli, ["registry", "list"])

    assert yaml.safe_load(result.output) == sorted(PIPELINES)
    assert "describe" in CliRunner().invoke(cli.cli, ["registry", "--help"]).output


def test_help_and_registry_are_shown_without_the_large_libraries():
    code = """
import sys
from kedro.framework.cli.cli import main
for arguments in (["registry", "list"], ["run", "--help"]):
    sys.argv = ["kedro", *arguments]
    try:
        main()
    except SystemExit:
        print([name for name in ("torch", "mlflow", "pandas", "plotly", "scipy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.count("\n[]\n") == 2


def test_an_environment_is_described_by_the_first_sentence_of_its_parameters(tmp_path):
    for name, text in (
        ("base", "# Device.\ndevice: auto\n"),
        ("mine", "# Two lines about\n# it. And more.\n\n# Other\na: 1\n"),
        ("bare", "a: 1\n# Too late.\n"),
        ("local", "# Not an environment.\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "parameters_train.yml").write_text(text)
    (tmp_path / "empty").mkdir()
    (tmp_path / "logging.yml").write_text("")

    assert environments(tmp_path) == {
        "bare": "",
        "base": "The defaults.",
        "empty": "",
        "mine": "Two lines about it.",
    }
