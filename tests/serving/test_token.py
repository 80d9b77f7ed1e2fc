import pytest

from mnist_growth.serving.token import Authorization, check_token


@pytest.mark.parametrize("text", ["", " ", "\n", "\t "])
def test_an_empty_token_is_refused_instead_of_serving_everybody(text):
    with pytest.raises(ValueError, match="MNIST_GROWTH_TOKEN is set but empty: unset it"):
        check_token(text)


@pytest.mark.parametrize("text", ["secret\n", " secret", "two words", "geheim-ä", "tab\t"])
def test_a_token_that_no_request_can_send_is_refused(text):
    with pytest.raises(ValueError, match="a space, a line break or a character outside ASCII"):
        check_token(text)


def test_a_usable_token_is_returned_and_none_is_none():
    assert check_token("s3cr3t-+/=~!") == "s3cr3t-+/=~!"
    assert check_token(None) is None


@pytest.mark.parametrize("header", [b"Bearer secret", b"bearer secret", b"BEARER secret", b"Bearer  secret "])
def test_the_scheme_is_case_insensitive(header):
    assert Authorization("secret").accepts(header)


@pytest.mark.parametrize(
    "header", [b"", b"secret", b"Basic secret", b"Bearer", b"Bearer secre", b"Bearer secrets", b"Bearer SECRET"]
)
def test_anything_else_is_not_accepted(header):
    assert not Authorization("secret").accepts(header)


def test_without_a_token_everybody_is_accepted():
    assert Authorization(None).accepts(b"")
