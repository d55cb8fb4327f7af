"""Keys and passwords reach the server, and neither messages nor logs."""

import asyncio
import base64
import logging

import pytest

from analytics.chat.client import ChatClient
from analytics.contract.errors import AnalyticsError, ConfigError, EngineDownError
from tests.chat.makers import make_client
from tests.chat.scripted_server import Answer, Asked, fail, find_closed_url, say, serve
from tests.chat.test_client import MESSAGES, chat, check

KEY = "sk-s3cret"
PASSWORD = "pa$$ s3cret"
QUOTED = "pa$$%20s3cret"
BASIC = base64.b64encode(f"me:{PASSWORD}".encode()).decode()


def add_password(url: str) -> str:
    return url.replace("://", f"://me:{QUOTED}@")


def ask_all(client: ChatClient) -> None:
    """All kinds of requests that a client sends."""

    async def ask() -> None:
        async with client:
            await client.check_server()
            await client.fetch_extra("version")
            await client.chat(MESSAGES, temperature=0.0, max_tokens=1)

    asyncio.run(ask())


def test_a_password_in_the_address_is_sent_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serve(lambda asked: say("x")) as server:
        ask_all(make_client(add_password(server.url), model="other"))
        assert server.asked[0].headers["authorization"] == f"Basic {BASIC}"
    with caplog.at_level(logging.DEBUG), pytest.raises(EngineDownError) as caught:
        check(make_client(add_password(find_closed_url())))
    assert "does not list the model 'other'" in caplog.text  # the log is read at all
    for secret in ("s3cret", BASIC):
        assert secret not in str(caught.value)
        assert secret not in caplog.text


def test_a_key_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serve(lambda asked: say("x")) as server:
        ask_all(make_client(server.url, api_key=KEY))
        assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "POST" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("has_password", [False, True], ids=["key", "password"])
@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
def test_a_server_that_echoes_secrets_does_not_put_them_into_messages(
    status: int, has_password: bool, caplog: pytest.LogCaptureFixture
) -> None:
    said = f"{PASSWORD} {QUOTED} {BASIC}" if has_password else KEY

    def script(asked: Asked) -> Answer:
        return Answer(status=status, body=f"bad {said} {asked.headers['authorization']}".encode())

    with serve(script) as server, caplog.at_level(logging.DEBUG):
        url = add_password(server.url) if has_password else server.url
        with pytest.raises(AnalyticsError, match=r"bad \*\*\*") as caught:
            chat(make_client(url, api_key=KEY))
    for secret in ("s3cret", BASIC):
        assert secret not in str(caught.value)
        assert secret not in caplog.text


def test_the_target_of_a_redirect_is_named_without_its_secrets() -> None:
    target = "https://me:s3cret@x/v1?key=s3cret#s3cret"
    with (
        serve(lambda asked: fail(307, location=target)) as server,
        pytest.raises(EngineDownError, match=r"redirects to https://\*\*\*@x/v1: ") as caught,
    ):
        chat(make_client(server.url))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:s3cret@x:y/v1",
        "ftp://me:s3cret@x/v1",
        "me:s3cret@x/v1?key=s3cret",
        "//me:s3cret@x",
        "http://x/v1?api_key=s3cret",
        "http://x/v1#s3cret",
        "http://me:s3@cret@x:y",
    ],
)
def test_addresses_that_are_none_are_told_without_their_secrets(url: str) -> None:
    with pytest.raises(ConfigError, match="http://host:port/v1") as caught:
        make_client(url)
    assert "s3cret" not in str(caught.value)
    assert "s3@cret" not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nb", "schl\u00fcssel"])
def test_a_key_with_odd_characters_is_told_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY") as caught:
        make_client("http://localhost:1/v1", api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("api_key", "fix"), [("", "OPENAI_API_KEY is not set"), (KEY, "Put a valid key into")]
)
def test_a_missing_key_is_told_from_a_wrong_one(api_key: str, fix: str) -> None:
    with serve(lambda asked: fail(401)) as server, pytest.raises(EngineDownError) as caught:
        chat(make_client(server.url, api_key=api_key))
    assert fix in caught.value.fix
    assert server.url in caught.value.what
