"""The digits that are hardest for the network."""

from mnist_growth.report.topic import Topic

TOPIC = Topic("difficulty", "Hard digits", ("hardest_digits_figure", "suspected_labels_figure"), optional=True)
