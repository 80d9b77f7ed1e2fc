import click
import pytest

from mnist_growth.options import parse_load_versions, parse_params, read_config

COMMAND, OPTION = click.Context(click.Command("run")), click.Option(["--params"])
STAGE = {"epoch": 1, "neurons": 64}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("dataset=sample", {"dataset": "sample"}),
        ("training.epochs=2, training.seed=3", {"training": {"epochs": 2, "seed": 3}}),
        ("x=null,y=true,z=1e-3,w=", {"x": None, "y": True, "z": 0.001, "w": None}),
        ("growth.plan=[{epoch: 1, neurons: 64}]", {"growth": {"plan": [STAGE]}}),
        ("growth.plan=[{epoch:1,neurons:64}],a.b=2", {"growth": {"plan": [STAGE]}, "a": {"b": 2}}),
        (
            "growth.plan=[{epoch: 1, neurons: [64, 32]}, {epoch: 3, neurons: 128}],a=b",
            {"growth": {"plan": [{"epoch": 1, "neurons": [64, 32]}, {"epoch": 3, "neurons": 128}]}, "a": "b"},
        ),
        ("cors_origins=[https://a.org:80,https://b.org]", {"cors_origins": ["https://a.org:80", "https://b.org"]}),
        ('predict.folder="a, b=c",training.epochs=3', {"predict": {"folder": "a, b=c"}, "training": {"epochs": 3}}),
        ("predict.folder='a,b'", {"predict": {"folder": "a,b"}}),
        ("a={b: 'x,y:z]', c: \"}\"},d=1", {"a": {"b": "x,y:z]", "c": "}"}, "d": 1}),
        ("a=[x,y:z]", {"a": ["x", "y:z"]}),
        ("predict.folder=it's,a=1", {"predict": {"folder": "it's"}, "a": 1}),
        ("predict.folder=a[1],x=2", {"predict": {"folder": "a[1]"}, "x": 2}),
        ("a=b=c", {"a": "b=c"}),
    ],
)  # fmt: skip
def test_parameters_may_contain_lists_mappings_and_commas(text, expected):
    assert parse_params(COMMAND, OPTION, text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "predict.folder=a,b",
            "'b' is not a parameter and its value; expected <name>=<value>. Put a value with commas",
        ),
        ("training.epochs:2", "'training.epochs:2' is not a parameter"),
        ("=3", "'=3' is not a parameter"),
        ('a="open', "cannot be read"),
        ("a=[1", "cannot be read"),
        ("a={b: [}", "cannot be read"),
        (
            "a=[&x0 [1]" + "".join(f", &x{n} [*x{n - 1}, *x{n - 1}]" for n in range(1, 30)) + "]",
            "more than 20,000 values",
        ),
        ("a=" + "[" * 1000 + "]" * 1000, "collections within each other"),
        ("a" + ".a" * 5000 + "=1", "cannot be read"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(click.UsageError) as refusal:
        parse_params(COMMAND, OPTION, text)

    assert sentence in refusal.value.format_message()
    assert "\n" not in refusal.value.format_message()


def test_parameters_of_a_configuration_file_stay_as_they_are():
    assert parse_params(COMMAND, OPTION, {"training": {"epochs": 2}}) == {"training": {"epochs": 2}}
    assert parse_load_versions(COMMAND, OPTION, {"network": "2026"}) == {"network": "2026"}


def test_versions_are_read_by_dataset():
    text = "network:2026-01-31T12.00.00.000Z, split:1"

    assert parse_load_versions(COMMAND, OPTION, text) == {"network": "2026-01-31T12.00.00.000Z", "split": "1"}
    assert parse_load_versions(COMMAND, OPTION, "") == {}


@pytest.mark.parametrize("text", ["network=x", "network", ":x", "network:", "network:..", "network:.", "network:a/b"])
def test_a_version_without_dataset_or_with_a_path_is_refused(text):
    with pytest.raises(click.UsageError) as refusal:
        parse_load_versions(COMMAND, OPTION, f"split:1,{text}")

    assert f"{text!r} is not a dataset and its version; expected <dataset>:<version>" in refusal.value.format_message()


def test_options_come_from_a_file(tmp_path):
    path = tmp_path / "run.yml"
    path.write_text("run: {pipeline: evaluate, tags: [a]}")
    context = click.Context(click.Command("run"), info_name="run")

    assert read_config(context, OPTION, str(path)) == str(path)
    assert context.default_map == {"pipeline": "evaluate", "tags": ["a"]}
    assert read_config(context, OPTION, None) is None


@pytest.mark.parametrize(
    "content", ["# A title: with: colons\nb: c: d", "- run", "run", "", "other: {a: 1}", "run: 3", "\x00"]
)
def test_a_file_without_options_is_refused(tmp_path, content):
    path = tmp_path / "run.yml"
    path.write_text(content)

    with pytest.raises(click.BadParameter, match=r"run.yml does not contain options; expected YAML such as `run: \{"):
        read_config(click.Context(click.Command("run"), info_name="run"), OPTION, str(path))
