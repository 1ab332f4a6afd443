"""Words without signs that nobody sees."""

from __future__ import annotations

import pytest

from app.domain.text.plain_text import clean_line, clean_text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Flow \u202egnp.exe", "Flow gnp.exe"),
        ("\u2066Flow\u2069 \u200fmodel\u061c", "Flow model"),
        ("F\u200bl\u2060o\ufeffw", "Flow"),
        ("Flow\x00\x07\x1b[31m", "Flow[31m"),
        ("a\u200db", "ab"),
        ("\u3164\u115f\u2800", ""),
        ("  Flow \t of\n\nrain ", "Flow of rain"),
        ("Caf\u0065\u0301", "Caf\u00e9"),
        ("tag\U000e0041\U000e007f", "tag"),
        ("\ud800half", "half"),
    ],
)
def test_signs_that_nobody_sees_leave_a_line(sent: str, kept: str) -> None:
    assert clean_line(sent) == kept


def test_joiners_stay_where_they_shape_a_word() -> None:
    for word in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f52c"):
        assert clean_line(word) == word


def test_a_text_keeps_its_lines() -> None:
    assert clean_text(" one\r\ntwo\u2028three\rfour\tfive\v ") == "one\ntwo\nthree\nfour\tfive"
