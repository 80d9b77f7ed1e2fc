"""Base64 in all the ways in which clients write it."""

import base64
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_growth.serving.base64_text import decode_base64

CONTENT = bytes(range(256)) * 3 + b"\xfb\xff"  # has + and / in base64, and ends with padding


def encoded(content: bytes = CONTENT) -> str:
    return base64.b64encode(content).decode()


WAYS = {
    "plain": encoded(),
    "lines of MIME": base64.encodebytes(CONTENT).decode(),
    "lines of Windows": "\r\n".join(textwrap.wrap(encoded(), 76)) + "\r\n",
    "lines of old Macs": "\r".join(textwrap.wrap(encoded(), 64)),
    "indented lines": textwrap.indent("\n".join(textwrap.wrap(encoded(), 60)), "\t  "),
    "lines joined by a shell": " ".join(textwrap.wrap(encoded(), 76)),
    "newline at the end": encoded() + "\n",
    "spaces around": f"  {encoded()} ",
    "URL-safe": base64.urlsafe_b64encode(CONTENT).decode(),
    "no padding": encoded().rstrip("="),
    "URL-safe without padding": base64.urlsafe_b64encode(CONTENT).decode().rstrip("="),
    "percent-encoded": encoded().replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
    "data URL": f"data:image/png;base64,{encoded()}",
    "data URL in capitals": f"DATA:IMAGE/PNG;BASE64,{encoded()}",
    "data URL with parameters": f"Data:image/png;name=seven.png;base64,{encoded()}",
    "data URL without a type": f"data:;base64,{encoded()}",
    "data URL with lines": f"data:image/png;base64,\n{base64.encodebytes(CONTENT).decode()}",
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_gives_the_same_content(way: str) -> None:
    assert decode_base64(WAYS[way]) == CONTENT


@given(st.binary(min_size=1, max_size=200), st.booleans(), st.booleans())
def test_wrapping_padding_and_alphabet_do_not_matter(content: bytes, url_safe: bool, padded: bool) -> None:
    text = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(content).decode()
    text = "\n".join(textwrap.wrap(text if padded else text.rstrip("="), 20))
    assert decode_base64(text) == content


BAD = {
    "***": r"The image is not base64: it has the character '\*'",
    "ä": r"The image is not base64: it has the character '\\xe4'",
    "\ud800": r"The image is not base64: it has the character '\\ud800'",
    "====": "it ends with more than two =",
    "AAAAA": "The image is not base64: it is incomplete, with 5 characters",
    "AAAA=AAA": "The image is not base64: it has the character '='",
    "data:image/svg+xml,%3Csvg%3E": "The data URL is not base64: expected data:image/png;base64,...",
    "data:,AAAA": "The data URL is not base64: expected data:image/png;base64,...",
    "AAAA AA+/ AAA AAA": "it has spaces, perhaps in place of +",
}


@pytest.mark.parametrize("text", BAD)
def test_the_message_says_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=BAD[text]):
        decode_base64(text)


def test_a_lost_plus_is_not_taken_for_a_line_end() -> None:
    text = encoded()
    assert text.count("+") > 3
    with pytest.raises(ValueError, match="send \\+ as %2B"):
        decode_base64(text.replace("+", " "))
