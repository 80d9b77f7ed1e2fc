"""The page in a browser: answers while one draws, images, a phone, the keyboard, and no requests to elsewhere."""

import io
import mimetypes
import re
from collections.abc import Iterator
from functools import partial
from typing import Literal

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect
from served import Source, listening

import configured
from accessibility import contrast, violations
from mnist_growth.batch import Picture, features_of, predict_pictures
from mnist_growth.digits import sample_digits
from mnist_growth.drift import DriftReference
from mnist_growth.network import TrainedNetwork, predict_logits
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service

TEST = sample_digits().test
PREDICTED = 0
DIGIT = TEST.images[int(np.flatnonzero(TEST.labels == PREDICTED)[0])]
SEVEN = [(80, 70), (200, 70), (130, 230)]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def address(trained: TrainedNetwork) -> Iterator[str]:
    """A service on this machine, with a token that the page has to be told."""
    images = sample_digits().test.images[:200]
    pictures = (Picture(str(number), image) for number, image in enumerate(images))
    [part] = predict_pictures(
        pictures, partial(predict_logits, trained.network), trained.preparation.apply, trained.class_names
    )
    confusion = [[9 if row == column else 1 for column in range(10)] for row in range(10)]
    reference = DriftReference.of(features_of(part.predictions), 10, 10, "ab" * 32, "sample")
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


def test_screen_readers_hear_the_answer_to_a_finished_stroke(page: Page) -> None:
    spoken = page.get_by_role("status").first
    draw(page, SEVEN, lift=False)
    expect(page.locator("#bars .best")).to_have_count(1)
    expect(spoken).to_have_text("")
    page.mouse.up()
    expect(spoken).to_have_text(re.compile(r"^Digit 7, \d{1,3}\.\d %$"))
    share = page.locator("#bars .best .share").inner_text()
    expect(spoken).to_have_text(f"Digit 7, {share}")
    expect(page.locator("#digit")).to_have_text(f"7 {share}")
    page.locator("#clear").click()
    expect(spoken).to_have_text("")


def test_the_drawing_area_has_a_role_for_the_keyboard_and_hints_for_the_device(page: Page) -> None:
    area = page.get_by_role("application", name="Drawing area")
    assert area.get_attribute("id") == "paper"
    assert area.get_attribute("aria-describedby") == "hint"
    touch = page.evaluate("navigator.maxTouchPoints > 0")
    hint = page.locator("#hint").inner_text()
    assert ("finger" in hint, "Keyboard" in hint, "mouse" in hint) == (True, not touch, not touch)


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
    for name in ("#confusion", "#drift"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= page.viewport_size["width"]  # type: ignore[index]
    for name in ("#clear", "#undo", "#choose"):
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


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": mimetypes.guess_type(name)[0] or "", "buffer": content}


def encoded(file_format: str, image: Image.Image | None = None) -> bytes:
    content = io.BytesIO()
    (image or Image.fromarray(DIGIT)).save(content, file_format)
    return content.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "PPM"])
def test_a_chosen_file_is_recognised(page: Page, file_format: str) -> None:
    page.locator("#file").set_input_files(file(f"digit.{file_format.lower()}", encoded(file_format)))
    expect(page.locator("#digit")).to_contain_text(str(PREDICTED))
    expect(page.get_by_role("status").first).to_contain_text(f"Digit {PREDICTED}, ")
    page.locator("#undo").click()
    expect(page.locator("#digit")).to_have_text("–")


def test_a_photograph_is_reduced_before_it_is_sent(page: Page) -> None:
    noise = np.random.default_rng(0).integers(0, 40, (2400, 2400), dtype=np.uint8)
    ink = np.asarray(Image.fromarray(DIGIT).resize((2400, 2400), Image.Resampling.BICUBIC))
    photograph = encoded("PNG", Image.fromarray((255 - ink * 0.8 - noise).astype(np.uint8)))
    assert len(photograph) > 1_000_000
    with page.expect_request("**/explain*") as asked:
        page.locator("#file").set_input_files(file("photograph.png", photograph))
    assert len(asked.value.post_data_buffer or b"") < 500_000
    expect(page.locator("#digit")).to_contain_text(str(PREDICTED), timeout=20_000)
    expect(page.locator("#problem")).to_be_hidden()


def test_the_attribution_is_by_the_chosen_method(page: Page) -> None:
    draw(page, SEVEN)
    shares(page)
    before, found = pixels(page, "#saliency"), set()
    for method, meaning in (("occlusion", "support and oppose"), ("saliency", "changes the prediction")):
        with page.expect_response(f"**/explain?method={method}"):
            page.get_by_label("Explained by").select_option(method)
        shares(page)
        expect(page.locator("#meaning")).to_contain_text(meaning)
        found.add(pixels(page, "#saliency"))
    assert len(found | {before}) == 3


def test_a_file_that_is_no_image_is_explained_and_forgotten(page: Page) -> None:
    page.locator("#file").set_input_files(file("digit.png", encoded("PNG")))
    expect(page.locator("#digit")).to_contain_text(str(PREDICTED))
    page.locator("#file").set_input_files(file("letter.png", b"Dear Sir"))
    expect(page.get_by_role("alert")).to_contain_text("The 8 bytes are not an image")
    expect(page.locator("#digit")).to_have_text("–")
    draw(page, SEVEN)
    expect(page.locator("#digit")).to_contain_text("7")
    expect(page.locator("#problem")).to_be_hidden()


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_an_image_is_pasted_or_dropped(page: Page, event: str) -> None:
    code = """([name, bytes]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], "digit.png", { type: "image/png" }));
        const options = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer };
        const event = name === "paste" ? new ClipboardEvent(name, options) : new DragEvent(name, options);
        document.querySelector("#paper").dispatchEvent(event);
    }"""
    page.evaluate(code, [event, list(encoded("PNG"))])
    expect(page.locator("#digit")).to_contain_text(str(PREDICTED))


def test_the_examples_are_digits_to_try(page: Page, trained: TrainedNetwork) -> None:
    examples = page.locator("#examples button")
    expect(examples).to_have_count(10)
    first = [int(np.flatnonzero(TEST.labels == digit)[0]) for digit in range(10)]
    expected = predict_logits(trained.network, TEST.images[first]).argmax(axis=1).tolist()
    for digit in range(10):
        page.get_by_role("button", name=f"Handwritten {digit}").click()
        expect(page.get_by_role("status").first).to_contain_text(f"Digit {expected[digit]}, ")
    draw(page, SEVEN)
    expect(page.locator("#digit")).to_contain_text("7")


def test_doubts_are_shown_and_read(page: Page) -> None:
    def doubtful(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "doubt": ["touches the border", "low contrast"]})

    page.route("**/explain*", doubtful)
    expect(page.locator("#doubt")).to_be_hidden()
    draw(page, SEVEN)
    expect(page.locator("#doubt li")).to_have_text(["touches the border", "low contrast"])
    expect(page.get_by_role("status").first).to_contain_text(" %. touches the border. low contrast")
    page.locator("#clear").click()
    expect(page.locator("#doubt")).to_be_hidden()


def test_a_service_that_is_gone_is_told(page: Page) -> None:
    page.route("**/explain*", lambda route: route.abort())
    draw(page, SEVEN)
    expect(page.get_by_role("alert")).to_have_text("The service cannot be reached: is it still running?")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator("#examples button")).to_have_count(10)
    expect(page.locator("#drift td")).to_have_count(30, timeout=60_000)
    assert violations(page) == []
    page.locator("#doubt").evaluate("list => { list.hidden = false; list.innerHTML = '<li>low contrast</li>'; }")
    page.locator("#problem").evaluate("text => { text.hidden = false; text.textContent = 'A problem'; }")
    page.locator("#token-form").evaluate("form => { form.hidden = false; }")
    page.locator("#examples button").first.click()
    expect(page.locator("#bars .best")).to_have_count(1)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_and_graphics_stand_out(page: Page, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    names = ["--paper", "--ink", "--back", "--edge", "--accent", "--for", "--against", "--bar"]
    style = "names => names.map((name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
    colour = dict(zip(names, page.evaluate(style, names), strict=True))
    for first, second in [
        *(("--edge", ground) for ground in ("--paper", "--back")),
        *(("--accent", ground) for ground in ("--paper", "--back", "--bar")),
        ("--for", "--paper"),
        ("--against", "--paper"),
    ]:
        assert contrast(colour[first], colour[second]) >= 3, (first, second)
    # Every count off the diagonal is the largest one, which has the strongest colour.
    worst = (
        page.locator("#confusion td")
        .nth(1)
        .evaluate(
            """(cell, back) => {
            const canvas = new OffscreenCanvas(1, 1).getContext("2d");
            for (const colour of [back, getComputedStyle(cell).backgroundColor]) {
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
            }
            return `rgb(${[...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)})`;
        }""",
            colour["--back"],
        )
    )
    assert 4.5 <= contrast(colour["--ink"], worst) < contrast(colour["--ink"], colour["--back"])
    for element in ("#paper", "#clear", "#choose"):
        border = page.locator(element).evaluate("element => getComputedStyle(element).borderTopColor")
        assert contrast(border, colour["--back"]) >= 3


def test_the_reference_is_accessible(page: Page, address: str) -> None:
    page.goto(f"{address}/docs")
    expect(page.locator("summary").first).to_contain_text("/predict")
    page.evaluate("document.querySelectorAll('details').forEach((block) => { block.open = true; })")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def test_the_interface_is_described_without_help_from_elsewhere(page: Page, address: str) -> None:
    page.goto(f"{address}/docs")
    expect(page.locator("summary").first).to_contain_text("/predict")
    page.locator("summary").first.click()
    expect(page.locator("pre").first).to_contain_text("curl -X POST")
