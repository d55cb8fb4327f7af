"""Handles that are hidden from the model."""

import pytest

from analytics.contract.mentions import make_mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("@anna thanks!", "@user thanks!"),
        ("Thanks @anna_k, @bob.", "Thanks @user, @user."),
        ("via @anna.bsky.social and @bob@mastodon.social", "via @user and @user"),
        ("ask u/some-one or /u/Other", "ask @user or @user"),
        ("see https://reddit.com/u/someone/x", "see https://reddit.com/@user/x"),
        ("\uff20山田 さん", "@user さん"),
        ("(@anna)", "(@user)"),
        ("mail anna@host.example", "mail anna@host.example"),
        ("a @ b, 5@ and @", "a @ b, 5@ and @"),
        ("you/me, menu/item", "you/me, menu/item"),
        ("", ""),
    ],
)
def test_handles_of_all_platforms_are_hidden(text: str, masked: str) -> None:
    assert make_mask()(text, "") == masked


def test_what_is_tracked_stays() -> None:
    mask = make_mask(["@JetBlue", "Tram 9", "velo"])
    text = "@jetblue @Velo @anna @TheBakery"
    assert mask(text, "") == "@jetblue @Velo @user @user"
    assert mask(text, "thebakery") == "@jetblue @Velo @user @TheBakery"


def test_a_long_text_of_marks_takes_no_time() -> None:
    text = "@" + "a." * 200_000 + " " + "@a@" * 100_000
    assert len(make_mask()(text, "")) < len(text)
