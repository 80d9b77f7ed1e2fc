"""A page as its reader finds it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a reader finds on a page: its tables as rows of texts, its headings, paragraphs and figures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.headings: list[str] = []
        self.paragraphs: list[str] = []
        self.figures: list[str] = []
        self.loaded: list[str] = []
        self.ids: list[str] = []
        self._into: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        self.loaded += [given[name] for name in ("src", "href") if given.get(name)]
        self.ids += [given["id"]] if given.get("id") else []
        if tag == "table":
            self.rows = self.tables.setdefault(given["id"], [])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self._begin(self.rows[-1])
        elif tag in ("h1", "h2"):
            self._begin(self.headings)
        elif tag == "p":
            self._begin(self.paragraphs)
        elif tag == "figure":
            self.figures.append(given["id"])

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("th", "td", "h1", "h2", "p"):
            self._into = None

    def _begin(self, into: list[str]) -> None:
        into.append("")
        self._into = into
