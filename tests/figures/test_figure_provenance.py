from mnist_growth.figures import describe_dataset, memory, stamp


def test_stamp_changes_only_the_subtitle(history):
    figure = memory(history)

    stamped = stamp(figure, "dataset sample · 500 test digits")

    assert stamped.layout.title.subtitle.text == "dataset sample · 500 test digits"
    assert stamped.layout.title.text == figure.layout.title.text
    assert stamped.data == figure.data
    assert figure.layout.title.subtitle.text is None


def test_stamp_names_a_fallback():
    assert describe_dataset("sample", "mnist") == "sample (fallback: mnist could not be downloaded)"
    assert describe_dataset("sample", "sample") == "sample"
