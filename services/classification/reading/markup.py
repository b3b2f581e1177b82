"""What a reader sees of a text that may be HTML: without tags, comments and style sheets, with entities resolved.

Of our own, for two reasons. The standard library's parser takes minutes for 100 kB of `<a <a <a`; here each character
is looked at a bounded number of times. And no well-kept parser says where in its source the pieces of a text stand
(html5lib, lxml and selectolax know the lines of elements at best). `test_like_browsers.py` compares the words with
those of a parser that reads as browsers do. Only what is an element of HTML is taken for a tag: `<urgent>` and
`<me@example.com>` are text.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from services.classification.reading.markers import mail_markers
from services.classification.reading.positions import TextPiece

MAX_MARKUP_CHARACTERS = 200_000
"""More of a text is not looked at; a long mail has some 5 characters of markup for one that is seen."""
_REMEMBERED_TEXTS, _REMEMBERED_CHARACTERS = 16, 20_000
_UNSEEN = frozenset(["head", "script", "style", "template", "title"])
"""Elements whose contents nobody sees."""
_NAMES_OF_INLINE = """
    a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr
"""
_INLINE = frozenset(_NAMES_OF_INLINE.split())
"""Elements that do not part words."""
_NAMES_OF_OTHERS = """
    address area article aside audio base blockquote body br button canvas caption center col colgroup data dd details
    dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 header hr html
    iframe img input label legend li link main map menu meta meter nav noscript object ol optgroup option output p param
    picture pre progress rp rt ruby section select slot source summary svg table tbody td textarea tfoot th thead time
    tr track ul video
"""
_ELEMENTS = _UNSEEN | _INLINE | frozenset(_NAMES_OF_OTHERS.split())
_NOT_PARTING = _INLINE | _UNSEEN | {"!"}
_LAYING_OUT = frozenset(["br", "p", "div", "td", "li", "body", "html"])
"""Elements of which one shows that the text is HTML throughout, so that its line breaks are mere blanks."""
_EMPTY_LINE = 2
"""Line breaks."""
_HOLDING = frozenset(["blockquote", "div", "hr", "p", "pre", "section", "span", "table"])
"""Elements that mail programs put quoted mail and signatures into, or mark the beginning of it with."""
# Neither a tag nor a quoted value reaches over the next `<`, so no character is looked at from two of them.
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30}+)(?=[\s/>])(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>|<!--|<[!?][^<>]*+>"""
)
_END = {name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in _UNSEEN}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_LINE_BREAKS = str.maketrans("\r\n", "  ")


class Seen(NamedTuple):
    """What a reader sees of a text."""

    text: str
    pieces: Sequence[TextPiece] | None
    """Where it stands in the original; None: at the same places."""
    set_aside: Sequence[tuple[int, int]]
    """The ranges of `text` that a mail program has marked as quoted mail or as a signature."""


def visible_text(markup: str) -> str:
    """The text of a message or subject; plain text stays as it is, but for entities such as `&nbsp;`."""
    return read_markup(markup).text


def read_markup(markup: str) -> Seen:
    """As `visible_text`, with the places in the original, and what mail programs have marked as not the writer's."""
    text = markup[:MAX_MARKUP_CHARACTERS]
    if "<" in text or "&" in text:
        return _remembered(text) if len(text) <= _REMEMBERED_CHARACTERS else _read(text)
    return Seen(text, None, ())


def _read(text: str) -> Seen:
    if "<" in text:
        return _Scan(text).read()
    if _ENTITY.search(text):
        pieces = list(_resolved(text, 0, len(text)))
        return Seen("".join(piece.text for piece in pieces), pieces, ())
    return Seen(text, None, ())


_remembered = lru_cache(_REMEMBERED_TEXTS)(_read)
"""Who judges a ticket wants its terms for the search next."""


def _resolved(text: str, start: int, end: int) -> Iterator[TextPiece]:
    """What stands between two tags, with its entities resolved."""
    for entity in _ENTITY.finditer(text, start, end):
        if (resolved := html.unescape(entity[0])) != entity[0]:
            if entity.start() > start:
                yield TextPiece(text[start : entity.start()], start, entity.start(), copied=True)
            yield TextPiece(resolved, entity.start(), entity.end(), copied=False)
            start = entity.end()
    if end > start:
        yield TextPiece(text[start:end], start, end, copied=True)


class _Scan:
    """One pass over a text with a `<`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[TextPiece] = []
        self._length = 0
        self._unclosed: set[str] = set()
        """Comments and unseen elements that are not closed any more from here on: those are text."""
        self._is_laid_out = False
        self._preformatted: list[tuple[int, int]] = []
        self._quoting = ""
        """The name of the element that holds quoted mail, if one does; how deep in elements of that name we are."""
        self._depth = 0
        self._quoted_from: int | None = None
        self._set_aside: list[tuple[int, int]] = []

    def read(self) -> Seen:
        position = 0
        while (tag := _TAG.search(self._text, position)) is not None:
            if tag.start() > position:
                self._add(_resolved(self._text, position, tag.start()))
            position = self._take(tag)
        self._add(_resolved(self._text, position, len(self._text)))
        if self._quoted_from is not None:
            self._set_aside.append((self._quoted_from, self._length))
        pieces = [*self._flowing()] if self._is_laid_out else self._pieces
        return Seen("".join(piece.text for piece in pieces), pieces, self._set_aside)

    def _add(self, pieces: Iterable[TextPiece]) -> None:
        for piece in pieces:
            self._pieces.append(piece)
            self._length += len(piece.text)

    def _take(self, tag: re.Match[str]) -> int:
        """Add what the tag stands for; where to read on."""
        name = "<!--" if tag[0] == "<!--" else (tag[2] or "!").lower()
        if name == "<!--" or (name in _UNSEEN and not tag[1]):
            end = -1 if name in self._unclosed else _end_of(name, self._text, tag.end())
            if end < 0:
                self._unclosed.add(name)
            return max(end, tag.end())
        if name in _ELEMENTS or ":" in name or name == "!":
            if name not in _NOT_PARTING:
                self._part(tag)
            self._enter_or_leave(tag, name)
        else:
            self._add([TextPiece(tag[0], tag.start(), tag.end(), copied=True)])
        return tag.end()

    def _part(self, tag: re.Match[str]) -> None:
        """A line break for a tag; no more than an empty line for all that follow each other."""
        if not all(piece.text == "\n" for piece in self._pieces[-_EMPTY_LINE:]) or len(self._pieces) < _EMPTY_LINE:
            self._pieces.append(TextPiece("\n", tag.start(), tag.end(), copied=False))
            self._length += 1

    def _enter_or_leave(self, tag: re.Match[str], name: str) -> None:
        closes = bool(tag[1])
        self._is_laid_out = self._is_laid_out or (name in _LAYING_OUT and (closes or name == "br"))
        if name == "pre":
            self._preformatted.append((tag.end(), int(closes)))
        if self._quoted_from is not None:
            if name == self._quoting:
                self._depth += -1 if closes else 1
                if self._depth == 0:
                    self._set_aside.append((self._quoted_from, self._length))
                    self._quoted_from = None
        elif not closes and name in _HOLDING:
            markers = mail_markers()
            if name == "blockquote" or markers.html_parts.search(tag[0]):
                self._quoting, self._depth, self._quoted_from = name, 1, self._length
            elif markers.html_rest.search(tag[0]):
                self._quoting, self._depth, self._quoted_from = "", 1, self._length

    def _flowing(self) -> Iterator[TextPiece]:
        """The pieces with the line breaks of the source as mere blanks, but for what is preformatted."""
        changes = iter([*self._preformatted, (len(self._text) + 1, 0)])
        is_preformatted, (until, after) = False, next(changes)
        for piece in self._pieces:
            while piece.start >= until:
                is_preformatted, (until, after) = not after, next(changes)
            if piece.copied and not is_preformatted:
                yield piece._replace(text=piece.text.translate(_LINE_BREAKS))
            else:
                yield piece


def _end_of(name: str, text: str, position: int) -> int:
    """Where a comment or the contents of an unseen element end; -1 where they do not."""
    if name == "<!--":
        end = text.find("-->", position)
        return end if end < 0 else end + len("-->")
    closing = _END[name].search(text, position)
    return -1 if closing is None else closing.start()
