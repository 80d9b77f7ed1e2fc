"""The token that requests to the service must send."""

import hmac

VARIABLE = "MNIST_GROWTH_TOKEN"
"""Environment variable with the token."""


def check_token(text: str | None) -> str | None:
    """Return the token of the environment variable; None if it is not set, so that requests need none.

    Raises:
        ValueError: The variable is set, but no request could send such a token.
    """
    if text is None:
        return None
    if not text.strip():
        raise ValueError(f"{VARIABLE} is set but empty: unset it to serve without a token, or set it to a token")
    if any(not "!" <= character <= "~" for character in text):
        raise ValueError(
            f"{VARIABLE} contains a space, a line break or a character outside ASCII, which no request can send in a "
            "header: use a token of printable ASCII characters"
        )
    return text


class Authorization:
    """Compares the header ``Authorization`` of requests with a token.

    Args:
        token: The token; None if requests need none.
    """

    def __init__(self, token: str | None) -> None:
        self._token = None if token is None else token.encode()

    def accepts(self, header: bytes) -> bool:
        """Whether a request with this header may be answered.

        The name of the scheme is case-insensitive (RFC 9110, section 11.1).
        """
        if self._token is None:
            return True
        scheme, _, sent = header.partition(b" ")
        return hmac.compare_digest(sent.strip(b" "), self._token) and scheme.lower() == b"bearer"
