"""From the bytes of an answer to text: compression and charset, as declared and as they turn out to be."""

import codecs
import re
import zlib
from typing import Final

import httpx

from services.sources.http.transport import MAX_BODY_BYTES
from services.sources.records.json_text import UnreadableBodyError

MAX_TRANSCODED_BYTES = 4 * 1024 * 1024
"""Of a body that is not UTF-8: as text it may take four times as much."""
_PIECE = 256 * 1024
_CHARSET: Final = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})")
_TEXT_CODECS: Final = ("utf-8", "utf-16", "utf-32", "ascii", "iso8859", "cp", "koi8", "mac", "gb", "big5", "shift_jis")
_MORE_TEXT_CODECS: Final = ("euc", "iso2022", "latin", "hp-", "tis")
"""Beginnings of the names of charsets. Python's other codecs are no charsets, or take quadratic time."""
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def inflated(headers: httpx.Headers, body: bytes | bytearray) -> bytes | bytearray:
    """The body without its compression, bounded while it is taken off.

    Raises:
        UnreadableBodyError: it is not compressed as declared, is cut short, or grows too large.
    """
    declared = [name.strip().lower() for name in headers.get("content-encoding", "").split(",")]
    layers = [name for name in declared if name not in ("", "identity")]
    if not layers:
        return body
    if layers not in (["gzip"], ["x-gzip"], ["deflate"]):
        raise UnreadableBodyError("it is compressed in a way that was not asked for")
    raw_deflate = layers == ["deflate"] and (body[:1] or b"x")[0] & 0x0F != 8
    try:
        return _inflated(body, -zlib.MAX_WBITS if raw_deflate else zlib.MAX_WBITS | 32)
    except zlib.error as error:
        raise UnreadableBodyError("it is not compressed as it declares") from error


def _inflated(body: bytes | bytearray, window: int) -> bytearray:
    inflater, found = zlib.decompressobj(window), bytearray()
    for start in range(0, len(body), _PIECE):
        left = bytes(body[start : start + _PIECE])
        while left and not inflater.eof:
            found += inflater.decompress(left, _PIECE)
            left = inflater.unconsumed_tail
            if len(found) > MAX_BODY_BYTES:
                raise UnreadableBodyError(f"it inflates to more than {MAX_BODY_BYTES} bytes")
    if not inflater.eof:
        raise UnreadableBodyError("its compressed body is cut short")
    return found


def as_utf8(headers: httpx.Headers, body: bytes | bytearray) -> bytes | bytearray:
    """The same text in UTF-8, without a byte order mark. Bytes that no charset explains are left as they are.

    Raises:
        UnreadableBodyError: it is in another charset and too large to be put into UTF-8.
    """
    marked = next(((mark, name) for mark, name in _BOMS if body.startswith(mark)), None)
    if marked is not None:
        mark, name = marked
        return body[len(mark) :] if name == "utf-8" else _transcoded(body[len(mark) :], name)
    charset = _declared(headers) or _guessed(body)
    if charset is None or charset.startswith(("utf-8", "ascii")):
        return body
    if charset.startswith(("utf-16", "utf-32")):
        return _transcoded(body, charset)
    # Text that is valid UTF-8 beyond ASCII is UTF-8, whatever an old header says: chance does not make it so.
    return body if not body.isascii() and _is_utf8(body) else _transcoded(body, charset)


def _declared(headers: httpx.Headers) -> str | None:
    found = _CHARSET.search(headers.get("content-type", ""))
    if found is None:
        return None
    try:
        name = codecs.lookup(found.group(1)).name
    except LookupError:
        return None
    return name if name.startswith(_TEXT_CODECS + _MORE_TEXT_CODECS) else None


def _guessed(body: bytes | bytearray) -> str | None:
    """JSON begins with two ASCII characters, so where zeros stand tells how wide characters are (RFC 4627, 3)."""
    patterns: dict[tuple[bool, ...], str] = {
        (True, True, True, False): "utf-32-be",
        (False, True, True, True): "utf-32-le",
        (True, False, True, False): "utf-16-be",
        (False, True, False, True): "utf-16-le",
    }
    return patterns.get(tuple(byte == 0 for byte in body[:4]))


def _is_utf8(body: bytes | bytearray) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _transcoded(body: bytes | bytearray, charset: str) -> bytes | bytearray:
    if len(body) > MAX_TRANSCODED_BYTES:
        raise UnreadableBodyError(f"it is not in UTF-8 and larger than {MAX_TRANSCODED_BYTES} bytes")
    try:
        return body.decode(charset).encode()
    except UnicodeError:
        return body
