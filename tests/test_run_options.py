import pytest

from mnist_growth.run_options import check_conf_source, check_pipeline_names, check_runner, chosen_pipeline


def test_pipelines_are_known_by_name():
    check_pipeline_names(["resume", "__default__"])

    with pytest.raises(ValueError, match="There is no pipeline 'trian'; expected one of __default__, "):
        check_pipeline_names(["train", "trian"])


def test_images_to_choose_from_make_active_the_pipeline_label():
    folder = {"active": {"folder": "my_images"}}

    assert chosen_pipeline("active", folder) == "label"
    assert chosen_pipeline("active", {"active": {"folder": None, "images": 5}}) == "active"
    assert [chosen_pipeline(name, folder) for name in (None, "predict")] == [None, "predict"]


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        (None, {}),
        (None, {"is_async": True}),
        ("SequentialRunner", {}),
        ("ThreadRunner", {"max_workers": 2}),
        ("kedro.runner.ThreadRunner", {}),
    ],
)
def test_runners_that_work(name, parameters):
    check_runner(name, parameters)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("ParallelRunner", {}, "use SequentialRunner or ThreadRunner"),
        ("kedro.runner.ParallelRunner", {}, "use SequentialRunner or ThreadRunner"),
        ("FastRunner", {}, "There is no runner 'FastRunner'; expected SequentialRunner or ThreadRunner"),
        ("no.such.Runner", {}, "There is no runner 'no.such.Runner'"),
        ("json.JSONDecoder", {}, "There is no runner 'json.JSONDecoder'"),
        (None, {"max_workers": 2}, "SequentialRunner has no parameter 'max_workers' .* expected one of is_async"),
        ("ThreadRunner", {"speed": 2}, "ThreadRunner has no parameter 'speed'"),
    ],
)
def test_runners_that_do_not_work(name, parameters, message):
    with pytest.raises(ValueError, match=message):
        check_runner(name, parameters)


def test_a_configuration_has_a_base(tmp_path):
    (tmp_path / "conf" / "base").mkdir(parents=True)
    (tmp_path / "README.md").write_text("")
    (tmp_path / "conf.tar.gz").write_text("")

    check_conf_source(str(tmp_path / "conf"))
    check_conf_source(str(tmp_path / "conf.tar.gz"))
    check_conf_source("s3://bucket/conf")
    for name in (".", "README.md"):
        with pytest.raises(ValueError, match="is not a configuration: it has no folder 'base'"):
            check_conf_source(str(tmp_path / name))
