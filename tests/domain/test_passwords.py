"""Passwords that guessers try first are refused, however they are dressed up; others are not."""

from __future__ import annotations

import pytest

from app.domain.passwords import MIN_LENGTH, Weakness, find_weakness, own_words
from app.storage.common_passwords import common_passwords

PATTERNS = ["{}2024!!", "!!!{}999", "{0} {0} {0}", "{0}{0}"]
OWN = own_words("ada.lovelace@river-works.org", "Ada Lovelace")


def weakness(password: str) -> Weakness | None:
    return find_weakness(password, own=OWN, common=common_passwords())


def test_the_list_has_ten_thousand_passwords_at_least() -> None:
    assert len(common_passwords()) >= 10_000
    assert {"password", "123456789", "qwertyuiop", "iloveyou", "q1w2e3r4t5y6"} <= common_passwords()


def test_every_password_of_the_list_is_refused() -> None:
    assert [password for password in common_passwords() if weakness(password) is None] == []
    assert [password for password in common_passwords() if weakness(password.upper()) is None] == []


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_common_word_is_refused_with_what_stands_around_it(pattern: str) -> None:
    words = [password for password in common_passwords() if password.isalpha() and len(password) >= 5]
    assert len(words) > 5_000
    assert [word for word in words[::10] if weakness(pattern.format(word.capitalize())) is None] == []


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_common_word_is_refused_with_what_stands_around_it(pattern: str) -> None:
    words = [password for password in common_passwords() if password.isalpha() and len(password) >= 5]
    assert [word for word in words if weakness(pattern.format(word.capitalize())) is None] == []


@pytest.mark.parametrize(
    "password",
    [
        "P@ssw0rd1234!",
        "dr4g0n dr4g0n",
        "123456789012",
        "98765432109876",
        "Qwertzuiop123",
        "abcdefghijkl",
        "abc1abc1abc1",
        "aaaaaaaaaaab",
        "1q2w3e4r5t6y",
        "letmein12345",
        "m0nkey_m0nkey",
    ],
)
def test_a_common_password_is_seen_through_its_disguise(password: str) -> None:
    assert weakness(password) is Weakness.COMMON


@pytest.mark.parametrize(
    "password",
    [
        "hydromlhydroml",
        "HydroML-2026!",
        "Hydr0ML 12345",
        "h-y-d-r-o-m-l 1",
        "hydromlpassword1",
        "ada.lovelace@river-works.org",
        "Ada-Lovelace-1815",
        "4d4L0v3l4c3!!",
        "lovelaceada42",
        "riverworks!!2",
        "river-works.org",
        "Lovelace HydroML",
        "1234lovelace5678",
        "hydroml otter",
    ],
)
def test_nothing_is_made_of_own_names_or_the_products(password: str) -> None:
    assert len(password) >= MIN_LENGTH
    assert weakness(password) is Weakness.OWN


@pytest.mark.parametrize(
    "password",
    [
        "a long lake rests 7",
        "correct horse battery staple",
        "Grüße vom Wasserfall",
        "水位は毎朝七時に測ります。",
        "8392017483920174",
        "hydroml-x7#kQ9!vR2",
        "ada likes the smell of wet chalk",
        "orgel-pimpernickel",
        "  spaces at both ends  ",
    ],
)
def test_a_password_of_ones_own_making_is_taken(password: str) -> None:
    assert weakness(password) is None


def test_a_word_of_two_letters_is_nobodys_own() -> None:
    assert own_words("al@x.io", "Al") == {"hydroml", "alxio"}


def test_no_name_makes_the_judging_of_a_password_endless() -> None:
    own = own_words("ada@example.org", "a" * 60 + "b " + "s" * 60 + "ß " + "il" * 30 + "x")
    for sign in ("@", "4", "!", "$", "_", "a"):
        assert find_weakness(sign * 127 + "q", own=own, common=common_passwords()) is not None


def test_a_sign_may_be_a_letter_or_stand_between_two() -> None:
    for password in ("zzz-l@ab-qqqqq", "l@@b", "@l@@@b@", "q!@b laboratory lab"):
        assert find_weakness(password, own={"lab"}, common=set()) is (None if "q" in password else Weakness.OWN)
