"""Photographs and scans of single digits, made from digits of MNIST: one function for each kind, deterministic.

Every function takes a digit, uint8 [28, 28], light on black, and a random generator, and returns an image as a user
could have it: dark ink on a light page, of random size, position and contrast, with the flaw that names the function.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Digit = NDArray[np.uint8]
Scene = Callable[[Digit, np.random.Generator], Image.Image]

_SMOOTH = Image.Resampling.BICUBIC


def _coverage(digit: Digit, side: int) -> NDArray[np.float64]:
    """Ink coverage, 0 to 1, float64 [side, side], of an enlarged digit."""
    large = Image.fromarray(digit).resize((side, side), _SMOOTH)
    return np.asarray(large, np.float64) / 255


def _placed(digit: Digit, random: np.random.Generator, height: int = 300, width: int = 300) -> NDArray[np.float64]:
    """Ink coverage, 0 to 1, of a page with one digit near its centre, float64 [height, width]."""
    side = int(min(height, width) * random.uniform(0.5, 0.75))
    top = (height - side) // 2 + int(random.integers(-height // 16, height // 16 + 1))
    left = (width - side) // 2 + int(random.integers(-width // 16, width // 16 + 1))
    ink = np.zeros((height, width))
    ink[top : top + side, left : left + side] = _coverage(digit, side)
    return ink


def _grey(values: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _page_values(ink: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    paper, pen = random.uniform(215, 255), random.uniform(10, 80)
    return paper + (pen - paper) * ink


def page(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A clean page."""
    return _grey(_page_values(_placed(digit, random), random))


def small_page(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A clean page of 40 to 60 pixels."""
    side = int(random.integers(40, 61))
    return _grey(_page_values(_placed(digit, random, side, side), random))


def rotated_transparent(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A page turned by up to 12 degrees; its corners are transparent."""
    image = page(digit, random).convert("RGBA")
    return image.rotate(random.uniform(-12, 12), _SMOOTH, expand=True)


def rounded_screenshot(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A page with rounded transparent corners."""
    image = page(digit, random).convert("RGBA")
    mask = Image.new("L", image.size, 0)
    radius = int(random.integers(20, 70))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), radius, fill=255)
    image.putalpha(mask)
    return image


def line_at_border(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A dark line of one to four pixels along one or two sides."""
    values = _page_values(_placed(digit, random), random)
    for side in random.permutation(4)[: int(random.integers(1, 3))]:
        values = np.rot90(values, side).copy()
        values[: int(random.integers(1, 5))] = random.uniform(0, 60)
        values = np.rot90(values, -side)
    return _grey(values)


def frame(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A dark frame of two to fourteen pixels."""
    values = _page_values(_placed(digit, random), random)
    width = int(random.integers(2, 15))
    inner = np.zeros(values.shape, bool)
    inner[width:-width, width:-width] = True
    return _grey(np.where(inner, values, random.uniform(0, 60)))


def rotated_black(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A page turned by up to 12 degrees; its corners are black."""
    return page(digit, random).rotate(random.uniform(-12, 12), _SMOOTH, expand=True)


def rotated_black_cropped(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A page turned by up to 8 degrees and cropped to its size; its corners are black."""
    return page(digit, random).rotate(random.uniform(-8, 8), _SMOOTH)


def shadow_at_edge(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A shadow of 8 to 60 pixels that becomes darker towards one side, as at the spine of a book."""
    values = _page_values(_placed(digit, random), random)
    side, width = int(random.integers(4)), int(random.integers(8, 61))
    values = np.rot90(values, side).copy()
    values[:width] *= np.linspace(random.uniform(0.05, 0.5), 1, width)[:, None]
    return _grey(np.rot90(values, -side))


def uneven_light(digit: Digit, random: np.random.Generator) -> Image.Image:
    """Light that falls off across the page to between a quarter and a half, with noise."""
    values = _page_values(_placed(digit, random), random)
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, side) for side in values.shape), indexing="ij")
    angle = random.uniform(0, 2 * np.pi)
    slope = (rows * np.sin(angle) + columns * np.cos(angle)) / 2.8 + 0.5
    light = 1 - random.uniform(0.5, 0.75) * slope
    return _grey(values * light + random.normal(0, 3, values.shape))


def vignette(digit: Digit, random: np.random.Generator) -> Image.Image:
    """Light that falls off to the corners, as with a flash, with noise."""
    values = _page_values(_placed(digit, random), random)
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, side) for side in values.shape), indexing="ij")
    row, column = random.uniform(-0.4, 0.4, 2)
    distance = np.hypot(rows - row, columns - column) / 1.6
    return _grey(values * (1 - random.uniform(0.4, 0.75) * distance**2) + random.normal(0, 3, values.shape))


def hand_shadow(digit: Digit, random: np.random.Generator) -> Image.Image:
    """The shadow of a hand over a part of the page, with a soft edge."""
    values = _page_values(_placed(digit, random), random)
    mask = Image.new("L", values.shape[::-1], 0)
    x, y = random.uniform(0, 300, 2)
    radius = random.uniform(100, 200)
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(random.uniform(6, 20)))
    light = 1 - random.uniform(0.2, 0.55) * np.asarray(mask) / 255
    return _grey(values * light + random.normal(0, 2, values.shape))


def _drawn(
    digit: Digit, random: np.random.Generator, draw: Callable[[ImageDraw.ImageDraw, tuple[float, ...], int], None]
) -> Image.Image:
    """A page on which something is drawn with the pen around the digit; `draw` gets the box of the ink and a width."""
    ink = _placed(digit, random)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    drawing = Image.new("L", (1200, 1200), 0)
    box = tuple(4.0 * side for side in (columns[0], rows[0], columns[-1], rows[-1]))
    draw(ImageDraw.Draw(drawing), box, int(4 * random.uniform(2, 6)))
    lines = np.asarray(drawing.resize((300, 300), Image.Resampling.BOX), np.float64) / 255
    return _grey(_page_values(np.maximum(ink, lines), random))


def boxed(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A box drawn around the digit."""

    def draw(canvas: ImageDraw.ImageDraw, box: tuple[float, ...], width: int) -> None:
        left, top, right, bottom = box
        side = max(right - left, bottom - top)
        x, y = (left + right) / 2, (top + bottom) / 2
        half = side / 2 + random.uniform(60, 140)
        corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
        corners = [(a + random.uniform(-20, 20), b + random.uniform(-20, 20)) for a, b in corners]
        canvas.line([*corners, corners[0], corners[1]], fill=255, width=width, joint="curve")

    return _drawn(digit, random, draw)


def circled(digit: Digit, random: np.random.Generator) -> Image.Image:
    """An ellipse drawn around the digit."""

    def draw(canvas: ImageDraw.ImageDraw, box: tuple[float, ...], width: int) -> None:
        left, top, right, bottom = box
        x, y = (left + right) / 2, (top + bottom) / 2
        radius = np.hypot(right - left, bottom - top) / 2 + random.uniform(20, 100)
        stretch = random.uniform(0.9, 1.1)
        canvas.ellipse((x - radius * stretch, y - radius, x + radius * stretch, y + radius), outline=255, width=width)

    return _drawn(digit, random, draw)


def underlined(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A line drawn under the digit."""

    def draw(canvas: ImageDraw.ImageDraw, box: tuple[float, ...], width: int) -> None:
        left, top, right, bottom = box
        y = bottom + random.uniform(25, 90) + width
        x, half = (left + right) / 2, random.uniform(0.4, 0.8) * max(right - left, bottom - top)
        canvas.line([(x - half, y), (x + half, y + random.uniform(-20, 20))], fill=255, width=width)

    return _drawn(digit, random, draw)


def _on_lines(digit: Digit, random: np.random.Generator, is_squared: bool) -> Image.Image:
    """An RGB page with printed lines in light blue, grey or red, over which the digit is written."""
    ink = _placed(digit, random)
    paper = np.full((*ink.shape, 3), random.uniform(235, 255))
    colour = np.array([(150, 180, 220), (170, 170, 170), (220, 160, 160), (120, 150, 200)][random.integers(4)])
    spacing, width = int(random.integers(24, 70)), int(random.integers(1, 4))
    start = int(random.integers(spacing))
    for position in range(start, 300, spacing):
        paper[position : position + width] = colour
        if is_squared:
            paper[:, position : position + width] = colour
    pen = np.array([(20, 20, 30), (20, 30, 120), (60, 60, 60)][random.integers(3)])
    values = paper + (pen - paper) * ink[..., None] + random.normal(0, 2, ink.shape)[..., None]
    return _coloured(values)


def ruled_paper(digit: Digit, random: np.random.Generator) -> Image.Image:
    """Ruled paper."""
    return _on_lines(digit, random, is_squared=False)


def squared_paper(digit: Digit, random: np.random.Generator) -> Image.Image:
    """Squared paper."""
    return _on_lines(digit, random, is_squared=True)


def _coloured(values: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8), "RGB")


def coloured_paper(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A dark pen on paper of any colour."""
    ink = _placed(digit, random)[..., None]
    paper, pen = random.uniform(120, 255, 3), random.uniform(0, 60, 3)
    return _coloured(paper + (pen - paper) * ink)


def coloured_pen(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A saturated pen, from yellow to violet, on white paper."""
    from colorsys import hsv_to_rgb

    ink = _placed(digit, random)[..., None]
    pen = 255 * np.array(hsv_to_rgb(random.uniform(), random.uniform(0.6, 1), random.uniform(0.7, 1)))
    return _coloured(250 + (pen - 250) * ink + random.normal(0, 2, ink.shape))


def red_on_green(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A red pen on green paper of the same luma."""
    ink = _placed(digit, random)[..., None]
    paper, pen = np.array([80.0, 160.0, 90.0]), np.array([230.0, 85.0, 80.0])
    return _coloured(paper + (pen - paper) * ink + random.normal(0, 2, ink.shape))


def blackboard(digit: Digit, random: np.random.Generator) -> Image.Image:
    """Chalk on a dark board with uneven light and noise."""
    ink = _placed(digit, random)
    board = random.uniform(30, 80) * np.linspace(0.7, 1.3, 300)[:, None]
    return _grey(board + (random.uniform(180, 240) - board) * ink + random.normal(0, 5, ink.shape))


def jpeg_noise(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A noisy photograph, compressed strongly."""
    values = _page_values(_placed(digit, random), random) + random.normal(0, 10, (300, 300))
    file = io.BytesIO()
    _grey(values).save(file, "JPEG", quality=int(random.integers(15, 40)))
    return Image.open(file)


def faint_pencil(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A hard pencil: little contrast, with noise."""
    paper = random.uniform(200, 250)
    return _grey(paper - random.uniform(35, 70) * _placed(digit, random) + random.normal(0, 4, (300, 300)))


def page_on_table(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A page of a notepad on a darker table, seen at an angle and in uneven light."""
    ink = page(digit, random)
    table = random.uniform(60, 130)
    canvas = Image.new("L", (420, 420), int(table))
    canvas.paste(ink, (60, 60))
    source = [(0, 0), (420, 0), (420, 420), (0, 420)]
    target = [(x + random.uniform(-25, 25), y + random.uniform(-25, 25)) for x, y in source]
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solution = np.linalg.solve(np.array(rows, float), np.array(target).ravel())
    warped = canvas.transform((420, 420), Image.Transform.PERSPECTIVE, tuple(solution), _SMOOTH, fillcolor=int(table))
    values = np.asarray(warped, np.float64) * np.linspace(1, random.uniform(0.6, 0.9), 420)
    return _grey(values + random.normal(0, 3, values.shape))


def phone_photo(digit: Digit, random: np.random.Generator) -> Image.Image:
    """A photograph with a fine pen, uneven light, blur and JPEG compression."""
    ink = _placed(digit, random, 1200, 900)
    rows, columns = np.meshgrid(np.linspace(0, 1, 1200), np.linspace(0, 1, 900), indexing="ij")
    light = 1 - random.uniform(0.2, 0.5) * (rows if random.random() < 0.5 else columns)
    values = _page_values(ink, random) * light + random.normal(0, 5, ink.shape)
    file = io.BytesIO()
    _grey(values).filter(ImageFilter.GaussianBlur(random.uniform(0.5, 3))).save(file, "JPEG", quality=80)
    return Image.open(file)


SCENES: dict[str, Scene] = {
    function.__name__: function
    for function in (
        page, small_page, rotated_transparent, rounded_screenshot, line_at_border, frame, rotated_black,
        rotated_black_cropped, shadow_at_edge, uneven_light, vignette, hand_shadow, boxed, circled, underlined,
        ruled_paper, squared_paper, coloured_paper, coloured_pen, red_on_green, blackboard, jpeg_noise, faint_pencil,
        page_on_table, phone_photo,
    )
}  # fmt: skip
"""Kinds of images of one digit."""


def several_digits(digits: list[Digit], random: np.random.Generator) -> Image.Image:
    """A page with several digits in a row, of similar size and distance as in a written number or further apart."""
    parts = []
    for digit in digits:
        large = np.pad(_coverage(digit, int(random.integers(140, 200))), 0)
        columns = np.flatnonzero(large.max(axis=0) > 0.1)
        parts.append(large[:, columns[0] : columns[-1] + 1])
    width = 40 + sum(part.shape[1] for part in parts) + 80 * len(parts)
    ink = np.zeros((300, width))
    left = 20
    for part in parts:
        top = int(random.integers(30, 60))
        ink[top : top + part.shape[0], left : left + part.shape[1]] = part
        left += part.shape[1] + int(random.integers(15, 80))
    return _grey(_page_values(ink, random))
