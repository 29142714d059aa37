"""Tokens: what a notice carries, and what is made of it on its way back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.message.headers import message_ids
from inbound.message.tokens import BOUNCE_PREFIX, Token, bounced_token, find_token, mailbox_mark, make_token

SECRET = b"the desk's secret"
OLD = b"the secret before"
TOKEN = Token(kind="ticket", object_id=4711, notice_id=815, mailbox_mark=mailbox_mark("support"))
WORD = make_token(TOKEN, SECRET)


@given(
    kind=st.sampled_from((None, "ticket", "task", "project")),
    object_id=st.integers(0, 2**56 - 1),
    notice_id=st.integers(0, 2**56 - 1),
    mailbox=st.text(),
)
def test_a_token_comes_back_as_it_was(kind: object, object_id: int, notice_id: int, mailbox: str) -> None:
    """Whatever a notice is about is read again, from a word that any mail server takes for a local part."""
    token = Token(
        kind=kind,  # type: ignore[arg-type]  # sampled from what it may be
        object_id=object_id,
        notice_id=notice_id,
        mailbox_mark=mailbox_mark(mailbox.encode("utf-8", "replace").decode()),
    )
    word = make_token(token, SECRET)
    assert re.fullmatch("[a-z2-7]{56}", word)
    assert len(BOUNCE_PREFIX + word) <= 64  # RFC 5321 4.5.3.1.1
    assert find_token(word, (SECRET,)) == token


@pytest.mark.parametrize(
    "text",
    [
        # as a Message-ID, and as relays change that
        f"{WORD}@desk.example",
        f"<{WORD}@desk.example>",
        f"{WORD.upper()}@DESK.EXAMPLE",
        f"{WORD}@relay.example",
        f"{WORD}%desk.example@relay.example",
        f"0102018{'f' * 5}-{WORD}-000000@eu-west-1.example",
        # the value of a field
        f" {WORD} (desk)",
        # behind another that is none
        f"{'a' * 56} {WORD}",
    ],
)
def test_a_token_is_found_wherever_it_stands(text: str) -> None:
    """Case, brackets, domain and what is around it do not matter."""
    assert find_token(text, (SECRET,)) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260131120000.4711@customer.example",
        # a part of a longer word
        f"x{WORD}@desk.example",
        f"{WORD}9@desk.example",
        # cut off
        f"{WORD[:-1]}@desk.example",
        # changed in any place: what is signed, and the digest
        f"{'b' if WORD[0] != 'b' else 'c'}{WORD[1:]}",
        f"{WORD[:12]}{'b' if WORD[12] != 'b' else 'c'}{WORD[13:]}",
        f"{WORD[:-1]}{'b' if WORD[-1] != 'b' else 'c'}",
        # another desk's
        make_token(TOKEN, OLD),
        # behind more words than are tried
        f"{('a' * 56 + ' ') * 50}{WORD}",
    ],
)
def test_anything_else_is_no_token(text: str) -> None:
    """A forged token is a word like any other."""
    assert find_token(text, (SECRET,)) is None


def test_every_bit_is_guarded() -> None:
    """No other word of one letter's difference is a token."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    forged = [WORD[:i] + letter + WORD[i + 1 :] for i in range(56) for letter in letters if letter != WORD[i]]
    assert not any(find_token(word, (SECRET,)) for word in forged)


def test_an_old_secret_still_counts() -> None:
    """After a rotation, notices that are on their way keep their meaning."""
    assert find_token(make_token(TOKEN, OLD), (SECRET, OLD)) == TOKEN
    assert find_token(WORD, (b"a newer one", SECRET)) == TOKEN
    assert find_token(WORD, ()) is None


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        (f"bounce+{WORD}@desk.example", True),
        (f"BOUNCE+{WORD.upper()}@desk.example", True),
        (f"bounce+{WORD}", False),
        (f"bounce-{WORD}@desk.example", False),
        (f"bounces+{WORD}@desk.example", False),
        (f"{WORD}@desk.example", False),
        ("bounce+anything@desk.example", False),
        (f"support@bounce+{WORD}", False),
    ],
)
def test_bounces_come_to_an_address_with_a_token(address: str, *, is_ours: bool) -> None:
    """The reverse-path of a notice is recognised, in any case of letters; nothing else is."""
    assert bounced_token(address, (SECRET,)) == (TOKEN if is_ours else None)


def test_a_token_survives_references_as_programs_write_them() -> None:
    """Folded, in upper case, behind twenty other ids: it is still in the list of ids."""
    others = " ".join(f"<{i}@mail.example>" for i in range(20))
    ids = message_ids(f"<{WORD.upper()}@Desk.Example>\r\n\t{others}".encode())
    assert [token for one in ids if (token := find_token(one, (SECRET,)))] == [TOKEN]
