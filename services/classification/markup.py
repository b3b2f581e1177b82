"""What a reader sees of a text that may be HTML: without tags, comments and style sheets, with entities resolved.

Of our own, since the standard library's parser takes minutes for 100 kB of `<a <a <a`. Here each character is looked
at a bounded number of times. Only what is an element of HTML is taken for a tag: `<urgent>` and `<me@example.com>`
are text.
"""

import html
import re
from collections.abc import Iterator

MAX_MARKUP_CHARACTERS = 200_000
"""More of a text is not looked at; a long mail has some 5 characters of markup for one that is seen."""
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
# Neither a tag nor a quoted value reaches over the next `<`, so no character is looked at from two of them.
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30}+)(?=[\s/>])(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>|<!--|<[!?][^<>]*+>"""
)
_END = {name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in _UNSEEN}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


def visible_text(markup: str) -> str:
    """The text of a message or subject; plain text stays as it is, but for entities such as `&nbsp;`."""
    text = markup[:MAX_MARKUP_CHARACTERS]
    if "<" in text:
        text = "".join(_pieces(text))
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text) if "&" in text else text


def _pieces(text: str) -> Iterator[str]:
    """What is seen, in order, with a line break for each tag that parts words."""
    position = 0
    unclosed: set[str] = set()
    """Comments and unseen elements that are not closed any more from here on: those are text."""
    while (tag := _TAG.search(text, position)) is not None:
        name = "<!--" if tag[0] == "<!--" else (tag[2] or "!").lower()
        yield text[position : tag.start()]
        position = tag.end()
        if name == "<!--" or (name in _UNSEEN and not tag[1]):
            end = -1 if name in unclosed else _end_of(name, text, position)
            if end >= 0:
                position = end
            else:
                unclosed.add(name)
        elif name not in _INLINE and (name in _ELEMENTS or ":" in name or name == "!"):
            yield "\n"
        elif name not in _INLINE:
            yield tag[0]
    yield text[position:]


def _end_of(name: str, text: str, position: int) -> int:
    """Where a comment or the contents of an unseen element end; -1 where they do not."""
    if name == "<!--":
        end = text.find("-->", position)
        return end if end < 0 else end + len("-->")
    closing = _END[name].search(text, position)
    return -1 if closing is None else closing.start()
