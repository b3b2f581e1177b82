"""Mails that are HTML, read by people: their words and the marks in them, nothing of their markup."""

from datetime import UTC, datetime

from documents.database import Database
from documents.ticket import Ticket
from services.classification.judging import RULES_ALONE
from services.judging.verdicts import judged
from tests.browser.chromium import Page
from tests.browser.dashboard_page import told

MAIL = (
    '<html><head><style>p { color: red }</style></head><body><div dir="ltr">Bonjour 😡,<br>our API has an\n'
    "<b>out</b>age&nbsp;since&#32;9 &lt;UTC&gt;.</div><o:p></o:p><p>Ask <me@example.com> <later></p><p>R&eacute;my</p>"
    '<script>document.title = "hacked"</script><img src="https://evil.example/seen.png" onerror="document.title = 1">'
    "</body></html>"
)
SEEN = "Bonjour 😡,\nour API has an outage\u00a0since 9 <UTC>.\nAsk <me@example.com> <later>\nRémy"
PLAIN = "The host <db-1> has an outage,\n  says <me@example.com>."


async def test_a_mail_is_shown_as_its_reader_sees_it(page: Page, address: str, db: Database) -> None:
    common = {"tenant_id": "acme", "created_at": datetime.now(UTC)}
    await db.collection(Ticket).insert_many(
        {**common, "external_id": name, "message": text, "replies": text, **judged(RULES_ALONE, "", text, "")}
        for name, text in (("mail", MAIL), ("plain", PLAIN))
    )
    within = f"http://{address}/?tenant=acme&period=all&view=tickets"
    await page.note_requests()
    await page.open(within)
    await page.until("document.querySelector('.excerpt') !== null")
    assert {*await told(page, ".excerpt")} == {" ".join(text.split()) for text in (SEEN, PLAIN)}
    for name, seen, marks in (("mail", SEEN, ["😡", "outage"]), ("plain", PLAIN, ["outage"])):
        await page.open(f"{within}&ticket={name}")
        await page.until("document.querySelector('dialog.drawer .message mark') !== null")
        texts = "[...document.querySelectorAll('dialog.drawer .message')].map((each) => each.textContent)"
        assert await page.evaluate(texts) == [seen, seen]
        assert await told(page, "dialog.drawer .message mark") == marks
    assert not [url for url in page.urls if "evil.example" in url]
    assert "hacked" not in await page.evaluate("document.title")
    assert page.complaints == []
