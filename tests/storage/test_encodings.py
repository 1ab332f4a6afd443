"""The encoding of a text is found by its mark, its bytes or its letters; what the user says stands."""

from __future__ import annotations

import codecs
from typing import Any

import pytest

from tests.storage.texts import read_text

LATIN = "Ort,Größe\nOrléans,1\nKöln €,2\n"
TEXTS = [
    pytest.param("utf-8", LATIN, id="utf-8"),
    pytest.param("cp1252", LATIN, id="western"),
    pytest.param("cp1252", "station,débit\nRhône à Genève,1\nSaône,2\nforêt,3\n", id="French"),
    pytest.param("cp1252", "navn,verdi\nTromsø,1\nÅlesund,2\nBærum,3\n", id="Norwegian"),
    pytest.param("cp1252", "local,nível\nSão João,1\nPoções,2\n", id="Portuguese"),
    pytest.param("cp1252", "temp,conc\n12 °C,3 µg/l\n", id="signs of units"),
    pytest.param("cp1252", "Date,Q (m³/s),Temp (°C)\n2020-01-01,1.5,3\n", id="units with a power"),
    pytest.param("cp1252", "Ort,Abfluss (m³/s),Nº\nZürich,1.5,3\nKöln,2,4\n", id="German with units"),
    pytest.param("cp1252", "V (km³),A (km²)\nx,1\n", id="volumes"),
    pytest.param("cp1250", "stacja,opad\nŁódź,1\nKraków,2\nGdańsk,3\nŻywiec,4\n", id="Polish"),
    pytest.param("cp1250", "stanice,průtok\nPlzeň,1\nDěčín,2\nřeka Otava,3\n", id="Czech"),
    pytest.param("cp1250", "állomás,hőmérséklet\nGyőr,1\nSzékesfehérvár,2\n", id="Hungarian"),
    pytest.param("cp1251", "станция,расход\nМосква,1\nВолга,2\n", id="Russian"),
    pytest.param("cp949", "관측소,유량\n서울,1\n한강대교,2\n부산,3\n", id="Korean"),
    pytest.param("gb18030", "站点,流量\n北京,1\n长江,2\n汉口,3\n", id="Chinese"),
    pytest.param("shift_jis", "観測所,流量\n利根川,1\n東京のまち,2\n", id="Japanese"),
]


@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_the_encoding_is_found_by_its_letters(encoding: str, text: str) -> None:
    seen = read_text(text.encode(encoding))
    assert seen.layout.as_dialect().encoding == encoding
    assert [seen.names, *seen.rows] == [line.split(",") for line in text.splitlines()]
    assert any("Check that accents look right." in note for note in seen.tally.notes) == (encoding != "utf-8")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("is_marked", [True, False])
def test_utf16_is_read_with_its_mark_and_without_it_where_it_is_certain(encoding: str, is_marked: bool) -> None:
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[encoding] if is_marked else b""
    seen = read_text(mark + LATIN.encode(encoding))
    assert seen.rows == [["Orléans", "1"], ["Köln €", "2"]]
    assert seen.layout.as_dialect().encoding == "utf-16"


def test_a_letter_far_down_decides_and_a_first_look_says_so_only_of_what_it_saw() -> None:
    content = b"a,b\n" + b"1,x\n" * 200_000 + "2,Köln\n".encode("cp1252")
    assert read_text(content).rows[-1] == ["2", "Köln"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1250", "cp1251"])
def test_what_the_user_says_stands(encoding: str) -> None:
    content = b"a,b\n1,K\xf6\xb3n\n"
    seen = read_text(content, encoding=encoding)
    assert seen.rows == [["1", b"K\xf6\xb3n".decode(encoding)]]
    assert seen.layout.decided_fields == ("encoding",)
    assert seen.tally.notes == []


SAID_WRONGLY: list[Any] = [("utf-8", b"a,b\n" + b"1,2\n" * 5 + b"3,K\xf6ln\n"), ("cp949", b"a,b\n1,2\n3,K\xff\xff\n")]


@pytest.mark.parametrize(("encoding", "content"), SAID_WRONGLY)
def test_a_line_that_is_not_in_the_encoding_of_the_user_is_rejected(encoding: str, content: bytes) -> None:
    seen = read_text(content, encoding=encoding)
    (line, reason) = seen.tally.rejected[0]
    assert (line, seen.tally.rejected_count, seen.tally.damaged) == (content.count(b"\n"), 1, 1)
    assert reason.startswith("It contains the byte 0x")
