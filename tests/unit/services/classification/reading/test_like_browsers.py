"""Our scanner of HTML against lexbor, which reads as browsers do: of random documents both see the same words."""

from collections.abc import Iterator, Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.classification.reading.markup import read_markup, visible_text
from tests.properties import tried_on

UNSEEN = {"head", "script", "style", "template", "title"}
INLINE = ["a", "b", "em", "font", "i", "span", "strong", "u", "code", "small"]
BLOCKS = ["div", "p", "blockquote", "figure", "main", "section", "ul", "li", "center", "pre", "address", "article"]
VOID = ["br", "hr", "img", "wbr", "input"]
ATTRIBUTES = ["", " class=x", ' title="a > b"', " style='color:red'", ' href="https://x.example/?a=1&amp;b=2"']
ATTRIBUTES += [' data-x="it\'s"', "\n  id = y ", " checked a=b c", " hidden"]
PIECES = ["refund", "urgent ", " the site", "is\ndown", "5 > 3", "AT&T", "R & D", "it's", '"so"', "&lt;b&gt;", "&nbsp;"]
PIECES += ["&eacute;t&eacute;", "&#8217;", "&#x1F600;", "&unknown;", "a&shy;b", "<3", "< x", "=>", ", ", ". ", "Straße"]
PIECES += ["&amp;", "日本"]
HIDDEN = ["<!-- urgent -->", "<style>.a > b { }</style>", "<script>if (a < b) urgent()</script>", "<!---->"]
HIDDEN += [
    "<template><b>urgent</b></template>",
    "<STYLE type='x'>urgent</Style >",
    "<!-- <b>not</b> > -->",
    "<?php x ?>",
]


class Writer:
    """Writes documents as people and mail programs do: mostly proper, with an end tag forgotten here and there."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def document(self) -> str:
        body = "".join(
            self._pick([self._part(3), self._table(), self._stray()]) for _ in range(self._random.randint(0, 6))
        )
        head = f"<!DOCTYPE html><html><head><title>urgent</title></head><body class=x>{body}</body></html>"
        return self._pick([body, head])

    def _part(self, depth: int) -> str:
        kind = self._random.random()
        if depth == 0 or kind < 0.4:
            return self._pick(PIECES)
        if kind < 0.5:
            return self._pick(HIDDEN)
        if kind < 0.6:
            return f"<{self._pick(VOID)}{self._pick(ATTRIBUTES)}{self._pick(['', ' /'])}>"
        name = self._pick([*INLINE, *BLOCKS])
        name = self._pick([name, name.upper()])
        inner = "".join(self._part(depth - 1) for _ in range(self._random.randint(0, 4)))
        end = "" if self._random.random() < 0.05 else f"</{name}{self._pick(['', ' ', chr(10)])}>"
        return f"<{name}{self._pick(ATTRIBUTES)}>{inner}{end}"

    def _table(self) -> str:
        rows = "".join(f"<tr><td>{self._part(2)}</td><td>{self._pick(PIECES)}</td></tr>" for _ in range(2))
        return f"<table border=0><tbody>{rows}</tbody></table>"

    def _stray(self) -> str:
        return self._pick(["</b>", "</span>", "<b>", "<div>", "<p>", "</i>", "<li>"])

    def _pick(self, choices: Sequence[str]) -> str:
        return self._random.choice(choices)


documents = st.integers(0, 2**64).map(lambda seed: Writer(seed).document())


def seen_by_lexbor(node: LexborNode) -> Iterator[str]:
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            yield child.text_content or ""
        elif child.is_element_node and child.tag not in UNSEEN:
            apart = "" if child.tag in {*INLINE, "wbr"} else "\n"
            yield apart
            yield from seen_by_lexbor(child)
            yield apart


@tried_on(500)
@given(documents)
def test_the_same_words_are_seen(document: str) -> None:
    root = LexborHTMLParser(document).root
    assert root is not None
    assert visible_text(document).split() == "".join(seen_by_lexbor(root)).split()


@given(documents)
def test_what_is_seen_stands_where_it_is_said_to_stand(document: str) -> None:
    seen = read_markup(document)
    assert seen.text.split() == visible_text(document).split()
    for piece in seen.pieces or ():
        if piece.copied:
            assert piece.text.split() == document[piece.start : piece.end].split()
