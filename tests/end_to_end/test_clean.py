"""`kedro clean` removes old versions, but not the champion and what it was computed from."""

SMOKE = ("run", "--env", "smoke")
NETWORK, DIGITS = "06_models/network.safetensors", "02_intermediate/train_digits"


def test_the_champion_keeps_its_data_and_results(trained):
    trained.succeed(*SMOKE, "--pipeline", "train")  # on the digits of the first run
    trained.succeed(*SMOKE, "--params", "training.epochs=1,split.seed=1")
    trained.succeed(*SMOKE, "--pipelines", "ingest,preprocess,train", "--params", "training.epochs=1,split.seed=2")
    first, champion, second, newest = trained.versions(NETWORK)
    before = trained.files()

    listed = trained.succeed("clean", "--keep", "1", "--dry-run").stdout
    refused = trained.kedro("clean", "--keep", "1")  # nobody answers the question

    assert f"data/{NETWORK}/{second}\n" in listed
    assert listed.splitlines()[-1].startswith("Would remove ")
    assert refused.code == 1
    assert trained.files() == before

    removed = trained.succeed("clean", "--keep", "1", "--yes")

    assert removed.stdout.splitlines()[-1].startswith("Removed ")
    assert trained.versions(NETWORK) == [champion, newest]
    assert len(trained.versions("03_primary/split.parquet")) == 2  # that of the champion is the first one
    assert trained.versions("03_primary/split.parquet")[0] == first
    assert newest in trained.versions(DIGITS)
    assert (trained.folder / "mlflow.db").exists()
    assert trained.succeed("clean", "--keep", "1", "--yes").stdout == "Nothing to remove\n"
    trained.succeed("run", "--pipeline", "evaluate", "--load-versions", f"network:{champion}")
