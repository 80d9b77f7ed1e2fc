"""The report as Chromium shows it, on a wide and on a narrow screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from accessibility import violations

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
GALLERIES = {
    "warps_figure",
    "sample_predictions_figure",
    "worst_mistakes_figure",
    "confused_digits_figure",
    "ambiguous_digits_figure",
}
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


def test_two_figures_share_a_row_of_a_wide_screen(report):
    tops = """all => all.map((figure) => figure.getBoundingClientRect().top)"""
    matrix, calibration = report.eval_on_selector_all("#confusion_matrix_figure, #reliability_figure", tops)

    assert (matrix == calibration) == (report.viewport_size["width"] > 1000)


def test_the_confusion_matrix_fits_the_screen_without_its_colour_bar_on_a_narrow_one(report):
    plot = """plot => [plot.scrollWidth <= plot.parentElement.clientWidth, plot.querySelectorAll(".colorbar").length,
        plot.clientHeight < plot.clientWidth + 1]"""
    fits, bars, is_low = report.eval_on_selector("#confusion_matrix_figure .plot", plot)

    is_wide = report.viewport_size["width"] > 1000
    assert (fits, bars, is_low) == (True, 1 if is_wide else 0, not is_wide)


def test_galleries_fit_the_screen_with_all_their_images(report):
    galleries = """all => all.filter((plot) => plot.layout.meta.grid).map((plot) => [
        plot.dataset.figure, plot.scrollWidth <= plot.parentElement.clientWidth, plot.layout.meta.grid.images,
        plot.data[1]?.x.length])"""
    found = report.eval_on_selector_all(".plot", galleries)

    assert {name for name, *_ in found} == GALLERIES
    assert {name for name, fits, *_ in found if not fits} == set()
    assert all(captions in (None, images) for _, _, images, captions in found)


def test_captions_are_below_their_images(report):
    """In the picture that is drawn, also where a narrow screen has fewer columns: there is ink above each caption."""
    inked = """async (plot) => {
      const picture = new Image();
      picture.src = plot.data[0].source;
      await picture.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [picture.width, picture.height];
      const paper = canvas.getContext("2d");
      paper.drawImage(picture, 0, 0);
      const [x, y] = [plot.data[1].x, plot.data[1].y];
      if (new Set(x.map((center, index) => `${center} ${y[index]}`)).size < x.length) return [false];
      return x.map((center, index) => {
        const pixels = paper.getImageData(center - 13.5, y[index] - 6.5 - 28, 28, 28).data;
        const grey = pixels.filter((_, position) => position % 4 === 0);
        const opaque = pixels.filter((_, position) => position % 4 === 3).every((alpha) => alpha === 255);
        return opaque && grey.some((value) => value < 128);
      });
    }"""
    assert all(report.eval_on_selector("#sample_predictions_figure .plot", inked))


def test_no_button_uploads_a_figure(report):
    assert report.query_selector_all(".modebar-btn[data-title^='Share']") == []
    assert report.query_selector_all(".modebar-btn[data-title^='Download']") != []


def test_the_list_of_contents_stays_in_sight_and_marks_the_section(report):
    report.eval_on_selector("#cost", "section => section.scrollIntoView({behavior: 'instant'})")
    report.wait_for_function("document.querySelector('nav a[aria-current]')?.hash === '#cost'")

    top = report.eval_on_selector("nav", "nav => nav.getBoundingClientRect().top")
    heading = report.eval_on_selector("#cost h2", "heading => heading.getBoundingClientRect().top")
    assert top == 0
    assert heading > 0
    assert report.evaluate("document.elementFromPoint(innerWidth / 2, 4).closest('nav') !== null") == (
        report.viewport_size["width"] < 1000
    )
    report.evaluate("window.scrollTo({top: 0, behavior: 'instant'})")


def test_no_table_is_cut_on_a_wide_screen(report):
    if report.viewport_size["width"] < 1000:
        pytest.skip("a narrow screen scrolls tables in a frame of their own")
    report.eval_on_selector_all("details", "all => all.forEach((each) => { each.open = true; })")
    cut = "all => all.filter((table) => table.scrollWidth > table.parentElement.clientWidth).map((table) => table.id)"
    assert report.eval_on_selector_all("table", cut) == []


def test_the_report_is_accessible(report):
    """The narrow one in light and the wide one in dark, because a check takes seconds."""
    theme = "light" if report.viewport_size["width"] < 1000 else "dark"
    report.eval_on_selector_all("details", "all => all.forEach((each) => { each.open = true; })")
    report.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    assert violations(report) == []
    report.evaluate("delete document.documentElement.dataset.theme")


def test_the_list_of_contents_shows_the_section_that_is_read(report):
    report.eval_on_selector("section:last-of-type", "section => section.scrollIntoView({behavior: 'instant'})")
    report.wait_for_function("document.querySelector('nav a[aria-current]')?.hash === '#configuration'")
    link = report.locator("nav a[aria-current]").bounding_box()

    assert 0 <= link["x"] <= link["x"] + link["width"] <= report.viewport_size["width"]
    report.evaluate("window.scrollTo({top: 0, behavior: 'instant'})")


def test_a_wide_screen_has_figures_and_short_tables_side_by_side(report):
    places = """all => all.map((each) => each.getBoundingClientRect()).filter((box) => box.height > 0)
        .map((box) => [box.left, box.top])"""
    size = report.viewport_size
    report.set_viewport_size({"width": 1920, "height": 900})
    figures = report.eval_on_selector_all("#mistakes figure", places)
    tables = report.eval_on_selector_all("#configuration .tables > div", places)
    cut = """all => all.filter((plot) => plot.querySelector(".main-svg").getBoundingClientRect().height
        > plot.getBoundingClientRect().height + 1).map((plot) => plot.dataset.figure)"""
    report.wait_for_timeout(500)  # milliseconds: Plotly waits before it draws in the new size
    assert report.eval_on_selector_all(".plot", cut) == []
    report.set_viewport_size(size)

    assert len({left for left, _ in figures}) == 2
    assert len({left for left, _ in tables}) >= 2


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
