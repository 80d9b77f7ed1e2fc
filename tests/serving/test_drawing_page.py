"""The page in a browser: answers while one draws, a phone, the keyboard, and no requests to elsewhere."""

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect
from served import Source, listening

import configured
from mnist_growth.batch import Picture, features_of, predict_pictures
from mnist_growth.digits import sample_digits
from mnist_growth.drift import DriftReference
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service

SEVEN = [(80, 70), (200, 70), (130, 230)]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def address(trained: TrainedNetwork) -> Iterator[str]:
    """A service on this machine, with a token that the page has to be told."""
    images = sample_digits().test.images[:200]
    pictures = (Picture(str(number), image) for number, image in enumerate(images))
    [part] = predict_pictures(pictures, partial(predict_logits, trained.network), trained.preparation.apply)
    confusion = [[9 if row == column else 1 for column in range(10)] for row in range(10)]
    reference = DriftReference.of(features_of(part.predictions), 10, "ab" * 32, "sample")
    source = Source(trained, options={"confusion": confusion, "drift": (reference, configured.drift())})
    service = Service(source, configured.serving())
    service.drift.note(images, [0.9] * len(images), service.model.predict(images))  # as if they had come inverted
    with listening(create_app(service, token="secret")) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=[{}, PHONE], ids=["desktop", "phone"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page with the token given; every error of it and every request to elsewhere fails the test."""
    context = browser.new_context(**request.param)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith((address, "data:")) or complaints.append(asked.url))
    page.goto(address)
    page.locator("#token").fill("secret")
    page.locator("#token-form button").click()
    expect(page.locator("#model")).to_contain_text("Network 1: 32 neurons, trained on sample for 2 epochs")
    yield page
    assert complaints == []
    context.close()


def draw(page: Page, points: list[tuple[int, int]], lift: bool = True) -> None:
    page.locator("#paper").scroll_into_view_if_needed()
    box = page.locator("#paper").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(x, y, steps=5)
    if lift:
        page.mouse.up()


def shares(page: Page) -> list[str]:
    """What the page shows of the probabilities when it has no request under way."""
    expect(page.locator(".answer")).to_have_attribute("aria-busy", "false")
    return page.locator("#bars .share").all_inner_texts()


def pixels(page: Page, canvas: str) -> int:
    """Sum of all channels of a canvas."""
    code = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        .data.reduce((sum, value) => sum + value, 0)"""
    return int(page.locator(canvas).evaluate(code))


def test_probabilities_move_while_a_stroke_is_drawn_and_are_cleared(page: Page) -> None:
    assert shares(page) == ["–"] * 10
    draw(page, SEVEN[:2], lift=False)
    before = shares(page)
    assert before != ["–"] * 10
    page.mouse.up()
    draw(page, SEVEN[1:])
    expect(page.locator("#digit")).to_contain_text("7")
    after = shares(page)
    assert before != after
    assert abs(sum(float(share.split()[0]) for share in after) - 100) < 1
    assert min(pixels(page, "#seen"), pixels(page, "#saliency")) > 0
    page.locator("#clear").click()
    expect(page.locator("#digit")).to_have_text("–")
    assert shares(page) == ["–"] * 10
    assert pixels(page, "#seen") == 0


def test_a_stroke_is_taken_back(page: Page) -> None:
    draw(page, SEVEN)
    before = shares(page)
    draw(page, [(60, 200), (220, 200)])
    assert shares(page) != before
    page.locator("#undo").click()
    assert shares(page) == before


def test_a_dot_is_a_stroke(page: Page) -> None:
    draw(page, [(140, 140), (140, 140)])
    expect(page.locator("#bars .best")).to_have_count(1)
    expect(page.locator("#problem")).to_be_hidden()


def test_the_page_fits_the_screen(page: Page) -> None:
    expect(page.locator("#confusion td")).to_have_count(100)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"]  # type: ignore[index]
    for name in ("#clear", "#undo"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["height"] >= 44  # pixels, for fingers


def test_drift_is_told(page: Page) -> None:
    expect(page.locator("#drift-state")).to_contain_text(
        "The latest 200 images sent to /predict: drift in mean grey value.",
        timeout=60_000,  # milliseconds: a busy machine takes a while to measure them
    )
    expect(page.locator("#drift td")).to_have_count(30)
    expect(page.locator("#drift .alarm")).to_have_count(1)
    expect(page.locator("#drift tr", has=page.locator(".alarm"))).to_contain_text("mean grey value")


def test_a_digit_is_drawn_by_keyboard(page: Page) -> None:
    page.locator("#paper").focus()
    for keys in (["ArrowUp"] * 8, [" "], ["ArrowDown"] * 16, [" "]):
        for key in keys:
            page.keyboard.press(key)
    expect(page.locator("#digit")).to_contain_text("1")
    page.keyboard.press("Escape")
    expect(page.locator("#digit")).to_have_text("–")


def test_the_interface_is_described_without_help_from_elsewhere(page: Page, address: str) -> None:
    page.goto(f"{address}/docs")
    expect(page.locator("summary").first).to_contain_text("/predict")
    page.locator("summary").first.click()
    expect(page.locator("pre").first).to_contain_text("curl -X POST")
