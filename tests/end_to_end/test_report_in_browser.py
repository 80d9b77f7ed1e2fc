"""The report as Chromium shows it, on a wide and on a narrow screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

SCREENS = {"wide": (1280, 900), "narrow": (390, 844)}

# Pairs of texts of one figure that lie over each other. A pixel at the edges does not count: boxes are rounded.
OVERLAPS = """(figure) => {
  const seen = [...figure.querySelectorAll(".plot text, figcaption > *")].filter((text) => {
    const style = getComputedStyle(text);
    return text.textContent.trim() && style.visibility !== "hidden" && style.display !== "none" && style.opacity !== "0"
      && !text.closest(".hoverlayer") && text.getBoundingClientRect().width > 0;
  }).map((text) => [text.textContent, text.getBoundingClientRect()]);
  const found = [];
  seen.forEach(([one, a], position) => seen.slice(position + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 2) found.push([figure.id, one, other]);
  }));
  return found;
}"""
MARKS = ".scatterlayer path, .scatterlayer text, .heatmaplayer image, .imagelayer image, .barlayer path, .legend path"


@pytest.fixture(scope="module", params=SCREENS)
def report(request, browser, smoke_run) -> Iterator[Page]:
    """The report of the smoke run, drawn; everything that the page complains of or asks the network for is noted."""
    width, height = SCREENS[request.param]
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.complaints, page.asked_for = [], []
    page.on("console", lambda message: page.complaints.append((message.type, message.text)))
    page.on("pageerror", lambda error: page.complaints.append(("error", str(error))))
    page.on("request", lambda asked: page.asked_for.append(asked.url))
    page.goto(smoke_run.project.path("08_reporting/report.html").as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn")
    yield page
    page.close()


def test_every_figure_has_drawn_and_nothing_complains(report, smoke_run):
    figures = {path.name.removesuffix(".json") for path in (smoke_run.project.folder / "data").glob("*/*_figure.json")}

    drawn = report.eval_on_selector_all("figure", "all => all.map((figure) => figure.id)")
    marks = {name: len(report.query_selector_all(f"#{name} :is({MARKS})")) for name in drawn}

    assert set(drawn) == figures
    assert len(drawn) == len(figures) > 12
    assert {name for name, count in marks.items() if count == 0} == set()
    assert report.complaints == []
    assert {url.partition(":")[0] for url in report.asked_for} <= {"file", "data", "blob"}


def test_no_text_lies_over_another(report):
    assert report.eval_on_selector_all("figure", f"all => all.flatMap({OVERLAPS})") == []


def test_the_page_is_as_wide_as_the_screen(report):
    """Wide tables and digits scroll in a frame of their own; no other figure is cut."""
    assert report.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    cut = """all => all.filter((plot) => !plot.layout.width && !plot.layout.meta.min_width
        && plot.scrollWidth > plot.parentElement.clientWidth + 1).map((plot) => plot.dataset.figure)"""
    assert report.eval_on_selector_all(".plot", cut) == []


def test_the_reader_can_switch_to_dark_and_back(report):
    def papers():
        plot = report.eval_on_selector("#growth_figure .main-svg", "svg => getComputedStyle(svg).backgroundColor")
        return report.eval_on_selector("body", "body => getComputedStyle(body).backgroundColor"), plot

    assert papers() == ("rgb(255, 255, 255)", "rgb(255, 255, 255)")

    report.click("#theme")
    report.wait_for_function(
        "getComputedStyle(document.querySelector('#growth_figure .main-svg')).backgroundColor !== 'rgb(255, 255, 255)'"
    )

    assert papers() == ("rgb(21, 24, 28)", "rgb(21, 24, 28)")
    assert report.inner_text("#theme") == "Light"

    report.click("#theme")
    report.wait_for_function(
        "getComputedStyle(document.querySelector('#growth_figure .main-svg')).backgroundColor === 'rgb(255, 255, 255)'"
    )


def test_a_system_in_dark_gets_a_dark_page(browser, smoke_run):
    page = browser.new_page(color_scheme="dark")
    page.goto(smoke_run.project.path("08_reporting/report.html").as_uri())
    page.wait_for_function("document.documentElement.dataset.drawn")

    assert page.eval_on_selector("body", "body => getComputedStyle(body).backgroundColor") == "rgb(21, 24, 28)"
    assert page.eval_on_selector("#growth_figure .main-svg", "svg => getComputedStyle(svg).backgroundColor") == (
        "rgb(21, 24, 28)"
    )
    page.close()
