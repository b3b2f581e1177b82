import base64
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import SecretsKeyError
from services.kit.sealing import SecretBox, key_of_file, parse_keys

OLD, NEW = bytes(32), bytes(range(32))
BOX = SecretBox(lambda: [NEW])


@given(st.text(), st.text())
def test_what_was_sealed_is_opened_in_its_place_and_in_no_other(secret: str, place: str) -> None:
    sealed = BOX.seal(secret, place)
    assert BOX.open(sealed, place) == secret
    with pytest.raises(SecretsKeyError):
        BOX.open(sealed, place + "x")


def test_the_same_secret_never_looks_the_same_and_is_not_to_be_seen() -> None:
    sealed = {BOX.seal("very secret", "here") for _ in range(20)}
    assert len(sealed) == 20
    assert not any("very secret" in each for each in sealed)


def test_a_new_key_is_put_before_the_old_one() -> None:
    sealed = SecretBox(lambda: [OLD]).seal("secret", "here")
    both = SecretBox(lambda: [NEW, OLD])
    assert both.open(sealed, "here") == "secret"
    assert BOX.open(both.seal("secret", "here"), "here") == "secret"


@pytest.mark.parametrize("damage", ["", "x", "abc.def", ".", "00000000.AAAA"])
def test_what_cannot_be_opened_is_told_without_what_it_says(damage: str) -> None:
    with pytest.raises(SecretsKeyError, match="secret"):
        BOX.open(damage, "here")


def test_one_changed_character_is_noticed() -> None:
    sealed = BOX.seal("secret", "here")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(SecretsKeyError):
        BOX.open(changed, "here")


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(SecretsKeyError, match="SECRETS_KEY"):
        SecretBox(list).seal("secret", "here")


def test_keys_are_read_in_either_alphabet_with_and_without_padding() -> None:
    key = b"\xfb\xff" * 16
    spellings = [base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")]
    assert parse_keys(" , ".join(spellings)) == [key, key]
    assert parse_keys("") == []


@pytest.mark.parametrize("wrong", ["secret", "?" * 44, base64.b64encode(b"x" * 31).decode()])
def test_another_text_is_no_key_and_is_not_repeated(wrong: str) -> None:
    with pytest.raises(ValueError, match="32 random bytes") as refused:
        parse_keys(wrong)
    assert wrong not in str(refused.value)


def test_the_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secrets.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: key_of_file(path), range(40)))
    assert len(keys) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["secrets.key"]


def test_a_file_that_others_could_read_is_shut(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    key = key_of_file(path)
    path.chmod(0o644)
    assert key_of_file(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_without_a_key_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "secrets.key").write_text("no key")
    with pytest.raises(SecretsKeyError, match="holds no key"):
        key_of_file(tmp_path / "secrets.key")
    with pytest.raises(SecretsKeyError, match="cannot be used"):
        key_of_file(tmp_path / "secrets.key" / "below")
