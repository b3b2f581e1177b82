"""Secrets at rest: sealed with AES-256-GCM under a key that is not in the database."""

import base64
import binascii
import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.errors import SecretsKeyError

KEY_BYTES = 32
_NONCE_BYTES = 12


class SecretBox:
    """Seals with the first of its keys, and opens what was sealed with any: a new key is put before the old one."""

    def __init__(self, read_keys: Callable[[], Sequence[bytes]]) -> None:
        """`read_keys` is asked once, when there is something to seal or open; without a key, neither is possible.

        Each key has 32 bytes. It may raise `SecretsKeyError`.
        """
        self._read_keys = read_keys

    @cached_property
    def _keys(self) -> dict[str, AESGCM]:
        return {_fingerprint(key): AESGCM(key) for key in self._read_keys()}

    def seal(self, text: str, place: str) -> str:
        """`text` sealed for one place in the database: copied to another one it cannot be opened.

        Raises:
            SecretsKeyError: there is no key.
        """
        if not self._keys:
            raise SecretsKeyError("Secrets cannot be stored: SECRETS_KEY is not set.")
        name, key = next(iter(self._keys.items()))
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + key.encrypt(nonce, text.encode(), place.encode())
        return f"{name}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, place: str) -> str:
        """The text.

        Raises:
            SecretsKeyError: it was sealed with a key that is not here, for another place, or it is damaged.
        """
        name, _, text = sealed.partition(".")
        key = self._keys.get(name)
        if key is None:
            raise SecretsKeyError("A stored secret cannot be read: SECRETS_KEY is not the one it was sealed with.")
        try:
            raw = base64.urlsafe_b64decode(text)
            return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SecretsKeyError("A stored secret is damaged.") from error


def parse_keys(text: str) -> list[bytes]:
    """The keys of a setting: 32 bytes each in base64 (either alphabet), separated by commas, the present one first.

    Raises:
        ValueError: one is no such key; the message does not repeat it.
    """
    keys = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            key = base64.urlsafe_b64decode(part.translate(_URL_SAFE) + "=" * (-len(part) % 4))
        except (binascii.Error, ValueError) as error:
            raise ValueError(_EXPECTED) from error
        if len(key) != KEY_BYTES:
            raise ValueError(_EXPECTED)
        keys.append(key)
    return keys


def key_of_file(path: Path) -> bytes:
    """The key in a file that only its owner can read; it is made if there is none, by one process of several.

    Raises:
        SecretsKeyError: the file cannot be read or made, or holds no key.
    """
    try:
        if not path.exists():
            _make_key_file(path)
        path.chmod(0o600)
        [key] = parse_keys(path.read_text())
    except OSError as error:
        raise SecretsKeyError(f"The file with the key of secrets cannot be used: {error.strerror}.") from error
    except ValueError as error:
        raise SecretsKeyError("The file with the key of secrets holds no key.") from error
    return key


def _make_key_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)).decode() + "\n")
    try:
        with suppress(FileExistsError):  # another process was faster
            path.hardlink_to(draft)
    finally:
        draft.unlink()


_URL_SAFE = str.maketrans("+/", "-_")
_EXPECTED = "a key is 32 random bytes in base64, for instance of: openssl rand -base64 32"


def _fingerprint(key: bytes) -> str:
    """Names a key without telling anything of it."""
    return hashlib.sha256(b"secrets key " + key).hexdigest()[:8]
