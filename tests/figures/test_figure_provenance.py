from mnist_growth.figures import describe_dataset, memory, stamp


def test_stamp_changes_only_the_subtitle(history):
    before = memory(history)

    stamped = stamp(memory(history), "dataset sample · 500 test digits")

    assert before.layout.title.subtitle.text is None
    assert stamped.layout.title.subtitle.text == "dataset sample · 500 test digits"
    assert stamped.layout.title.text == before.layout.title.text
    assert stamped.data == before.data


def test_stamp_names_a_fallback():
    assert describe_dataset("sample", "mnist") == "sample (fallback: mnist could not be downloaded)"
    assert describe_dataset("sample", "sample") == "sample"
