"""Prefixes of subjects."""

import pytest

from inbound.message.subjects import is_forward, is_reply, strip_prefixes
from steps import count_calls


@pytest.mark.parametrize(
    ("subject", "stripped"),
    [
        ("Drucker", "Drucker"),
        ("AW: Drucker", "Drucker"),
        ("Re: AW: WG: Drucker", "Drucker"),
        ("RE:Drucker", "Drucker"),
        ("Re[2]: Drucker", "Drucker"),
        ("Re (3): Drucker", "Drucker"),
        ("Re^2: Drucker", "Drucker"),
        ("Réf : Drucker", "Réf : Drucker"),
        ("RE : Drucker", "Drucker"),
        ("回复：打印机", "打印机"),
        ("İLT: yazıcı", "yazıcı"),
        ("Redir.: imprimantă", "imprimantă"),
        ("  Fwd:   Drucker  ", "Drucker"),
        # a mark before the prefix stays, one behind it too
        ("[Ticket 42] Re: Drucker", "[Ticket 42] Drucker"),
        ("Re: [Ticket 42] Drucker", "[Ticket 42] Drucker"),
        ("[Ticket 42] Drucker", "[Ticket 42] Drucker"),
        # words that are no prefixes
        ("Frage: Drucker", "Frage: Drucker"),
        ("Re Drucker", "Re Drucker"),
        ("Rechnung: 5", "Rechnung: 5"),
        ("10:15: Termin", "10:15: Termin"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_prefixes_are_stripped(subject: str, stripped: str) -> None:
    """All of them, in every language, and nothing else."""
    assert strip_prefixes(subject) == stripped


FORWARDS = """
    WG Fwd FW Fw TR RV I VS Vs VL VB PD ENC Redir. Videresend İLT Doorst Továbbítás 転送 转发 轉寄 전달 Пересл
"""
REPLIES = """
    AW Re RE Antw SV Sv Rif R RES Odp Ynt ΑΠ Отв Ответ 回复 答复 返信 답장 YNT Vá Bls
"""


@pytest.mark.parametrize("prefix", FORWARDS.split())
def test_forward_prefixes(prefix: str) -> None:
    """The outermost prefix decides."""
    assert is_forward(f"{prefix}: x")
    assert not is_reply(f"{prefix}: x")
    assert is_forward(f"[Liste] {prefix}: AW: x")
    assert not is_forward(f"AW: {prefix}: x")


@pytest.mark.parametrize("prefix", REPLIES.split())
def test_reply_prefixes(prefix: str) -> None:
    """The outermost prefix decides."""
    assert is_reply(f"{prefix}: x")
    assert not is_forward(f"{prefix}: x")
    assert not is_reply(f"WG: {prefix}: x")
    assert not is_reply(prefix)


@pytest.mark.parametrize("piece", ["Re: ", "[", "[a] ", "Re[", ":", "a"])
def test_steps_do_not_grow_faster_than_the_length(piece: str) -> None:
    """Twice the subject takes at most 2.5 times the steps."""
    once = count_calls(lambda: strip_prefixes(piece * 1000))
    assert count_calls(lambda: strip_prefixes(piece * 2000)) <= 2.5 * once + 10
