"""What of a mail its writer says now, by kind and language.

Where mail-parser-reply 1.36 (PyPI) does otherwise, a comment says what it does when it is told the language.
"""

import pytest

from documents.ticket import Sentiment, Urgency
from services.classification import classify
from services.classification.reading import PUNCTUATION, TicketText, read_text


def said(text: str, part: TicketText = TicketText.MESSAGE) -> str:
    return " ".join(word for word in read_text(text, part).words if word not in PUNCTUATION)


ATTRIBUTIONS = [
    "On Mon, 3 Jun 2025 at 10:00, Help <help@example.com> wrote:",
    "On Mon, 3 Jun 2025 at 10:00, Help\n<help@example.com> wrote:",
    "On Monday you wrote:",
    "Help Desk wrote:",  # theirs: only where it begins with "On"
    "Am Mo., 3. Juni 2025 um 10:00 Uhr schrieb Hilfe <hilfe@example.de>:",
    "Am Mo., 3. Juni 2025 um 10:00 Uhr schrieb Hilfe <\nhilfe@example.de>:",
    "Hilfe <hilfe@example.de> schrieb am Mo., 3. Juni 2025, 10:00:",  # theirs: only where it begins with "Am"
    "Le lun. 3 juin 2025 à 10:00, Aide <aide@example.fr> a écrit\xa0:",
    "Le 3 juin 2025 a 10:00, Aide\n<aide@example.fr> a ecrit :",  # theirs: not without accents
    "El lun, 3 jun 2025 a las 10:00, Ayuda (<ayuda@example.es>) escribió:",  # theirs: not
    "Em seg., 3 de jun. de 2025 às 10:00, Ajuda <ajuda@example.pt> escreveu:",  # theirs: knows no Portuguese
    "Il giorno lun 3 giu 2025 alle ore 10:00 Aiuto <aiuto@example.it> ha scritto:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_what_is_quoted_below_its_writers_name_is_set_aside(attribution: str) -> None:
    assert said(f"Works.\n\n{attribution}\n\n> It is broken\n> down") == "works"
    assert said(f"Works.\n\n{attribution}\n> It is broken\n\nOr so it seemed.") == "works or so it seemed"
    assert said(f"Works. > {attribution.replace(chr(10), ' ')} > It is broken") == "works"


@pytest.mark.parametrize("attribution", [each for each in ATTRIBUTIONS if "@" in each])
def test_unmarked_mail_below_an_attribution_is_set_aside(attribution: str) -> None:
    assert said(f"Works.\n\n{attribution}\n\nIt is broken\n\nRegards") == "works"


HEADS = [
    "From: Help <help@example.com>\nSent: Monday, June 3, 2025 10:00 AM\nTo: Dana\nSubject: Outage",
    "Von: Hilfe\nGesendet: Montag, 3. Juni 2025 10:00\nAn: Dana\nBetreff: Ausfall",
    "De\xa0: Aide\nEnvoyé\xa0: lundi 3 juin 2025 10:00\nÀ\xa0: Dana\nObjet\xa0: Panne",
    "De: Ayuda\nEnviado: lunes, 3 de junio\nPara: Dana\nAsunto: Caída",
    "De: Ajuda\nEnviada: segunda-feira\nPara: Dana\nAssunto: Falha",  # theirs: knows no Portuguese
    "Da: Aiuto\nInviato: lunedì\nA: Dana\nOggetto: Guasto",
    "From: Help <help@example.com>\nDate: Mon, 3 Jun\nTo: Dana",
    "*From:* Help\n*Sent:* Monday\n*To:* Dana\n*Subject:* Outage",
]
SEPARATORS = [
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "-----Mensagem original-----",
    "-----Messaggio originale-----",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "Anfang der weitergeleiteten Nachricht:",
    "Début du message transféré :",
    "---------- Mensaje reenviado ---------",
    "---------- Mensagem encaminhada ---------",
    "Inizio messaggio inoltrato:",
    "________________________________",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("above", ["", *SEPARATORS])
def test_mail_below_its_head_is_set_aside(head: str, above: str) -> None:
    assert said(f"Works.\n\n{above}\n{head}\n\nIt is broken.\n\nStill.") == "works"


@pytest.mark.parametrize("line_end", ["\r\n", "\r", " \n", "\n  "])
def test_the_kind_of_line_ends_does_not_matter(line_end: str) -> None:
    for mail in (
        *(f"Works.\n\n{each}\n\n> It is down" for each in ATTRIBUTIONS),
        f"Works.\n\n{HEADS[0]}\n\nIt is down",
    ):
        assert said(mail.replace("\n", line_end)) == "works"
    signed = (
        "Seats?\n\nBest regards,\nDana Roe\nAttorney at Law\n\nP.S. Hi\n\nThis email is confidential and secret.\nCourt"
    )
    assert said(signed.replace("\n", line_end)) == "seats best regards p s hi"


def test_the_head_of_a_text_without_line_breaks_is_known_by_all_its_fields() -> None:
    head = "Von: Hilfe Gesendet: Montag An: Dana Betreff: Ausfall"
    assert said(f"Geht. {head} Alles steht still.") == "geht"


@pytest.mark.parametrize("head", HEADS)
def test_a_mail_that_is_only_forwarded_is_what_is_said(head: str) -> None:
    # theirs: the reply is the line of hyphens, the forwarded mail another reply
    forwarded = f"---------- Forwarded message ---------\n{head}\n\nSeats?\n\n-- \nDana Roe\nAttorney at Law"
    assert said(forwarded) == "seats"
    assert said(f"Hi, please see below.\n\n{forwarded}") == "hi please see below seats"
    assert said(f"Could you answer this?\n\n{forwarded}") == "could you answer this"


def test_text_between_and_below_quotes_counts() -> None:
    assert said("> Is it slow?\nYes, very.\n> Since when?\nMonday.") == "yes very monday"
    assert said("> Is it slow?\n\nYes, very.") == "yes very"  # theirs: all of it


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote: the site is down. No answer!",
        "On 3 June I wrote:\nthe site is down. No answer!",  # theirs: a quote
        "On your host you can run:\n\n  telnet\n\nThis connects",  # theirs: the same
        "Menu > Settings > Billing shows an error",
        "a >= b and b <= c",
        "From: Berlin\nTo: Paris\nDate: 3 June\nPlease book it",
        "Name: Dana\nSubject: Refund\nMessage: I want my money back",
        "> nothing but a quote",
        "Subject: urgent",
        "You wrote that the following is fine:\nit is not",
    ],
)
def test_what_only_resembles_a_quote_counts(text: str) -> None:
    assert said(text) == said(text, TicketText.SUBJECT)


CLOSINGS = [
    "Best regards,",
    "Kind Regards",
    "Sincerely yours,",
    "Mit freundlichen Grüßen",
    "Mit freundlichen Gruessen,",
    "Viele Grüße",
    "MfG",
    "Cordialement,",
    "Bien à vous,",
    "Saludos cordiales,",
    "Atentamente,",
    "Atenciosamente,",  # theirs: knows no Portuguese
    "Com os melhores cumprimentos,",
    "Cordiali saluti",
    "Distinti saluti,",
    "Mit freundlichen Grüßen / Best regards",
]
SIGNATURES = [
    "Dana Roe",
    "\nDana Roe\nAttorney at Law\nAcme Inc. | Court Street 5\nTel. +49 30 1234567\nwww.example.com",
    "Dr. Dana Roe\nRechtsanwältin für Datenschutz\n\nAcme GmbH\ndana@example.com",
    "Dana Roe, Avocate à la Cour",
]


@pytest.mark.parametrize("closing", CLOSINGS)
@pytest.mark.parametrize("signature", SIGNATURES)
def test_signatures_below_a_closing_are_set_aside(closing: str, signature: str) -> None:
    closed = f"seats {said(closing)}"
    assert said(f"Seats?\n\n{closing}\n{signature}") == closed
    # theirs: the signature goes on to the end
    assert said(f"Seats?\n\n{closing}\n{signature}\n\nP.S. It is down.") == f"{closed} p s it is down"
    assert said(f"Seats?\n{closing}\n{signature}\n\n> It is down\n\nOr it was.") == f"{closed} or it was"


@pytest.mark.parametrize(
    "thanks", ["Thanks,", "Thank you!", "Danke", "Merci d'avance,", "Gracias,", "Obrigada,", "Grazie mille"]
)
def test_a_name_below_thanks_is_set_aside_and_the_thanks_count(thanks: str) -> None:
    assert said(f"Seats?\n\n{thanks}\nDana Roe") == f"seats {said(thanks)}"


@pytest.mark.parametrize("delimiter", ["-- ", "--", "___", "\u2014"])
def test_signatures_below_a_delimiter_are_set_aside(delimiter: str) -> None:
    # theirs: everything below, and everything below a line that begins with "- "
    assert said(f"Seats?\n\n{delimiter}\nDana Roe\nAttorney at Law") == "seats"
    assert said(f"Seats?\n\n{delimiter}\nDana Roe\n\nAnd the site is down.") == "seats and the site is down"


def test_below_a_sure_delimiter_any_line_is_the_signatures() -> None:
    assert said("Seats?\n-- \nin urgent cases call me\n\nIt is down.") == "seats it is down"
    assert said("Seats?\n--\nthis section says that it is down.") == "seats this section says that it is down"


@pytest.mark.parametrize(
    "line",
    ["-- Dana Roe, Attorney at Law", "\u2014 Dana Roe", "Best regards, Dana Roe, Attorney at Law", "Saludos, Dana Roe"],
)
def test_signatures_behind_the_text_are_set_aside(line: str) -> None:
    assert said(f"Seats? {line}").removesuffix(" saludos").removesuffix(" best regards") == "seats"


@pytest.mark.parametrize(
    "text",
    [
        "Thanks, the site is down again",
        "Thanks,\nthe site is down again",
        "Regards,\nthe site is down and nobody helps",
        "Danke, die Seite ist down",
        "Merci, le site est en panne",
        "Gracias, el sitio está caído",
        "Obrigado, o site caiu",
        "Grazie, il sito è giù",
        "Saludos, el sitio está caído otra vez",
        "Please give my best regards to Tom, the site is down",
        "And here is a fix -- this is not a signature.",
        "My router \u2014 Fritzbox 7590 \u2014 is broken",
        "Best\nwishes are not enough, I want my money back",
        "- one\n- two\n- three",  # theirs: a signature
        "Sent from my desk, is much easier than my phone.",
        "VAT number is missing on my invoice, please fix",
        "Amtsgericht hat entschieden, zahlen Sie endlich!",
    ],
)
def test_what_only_resembles_a_signature_counts(text: str) -> None:
    assert said(text) == said(text, TicketText.SUBJECT)


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "Gesendet von Mail für Windows",
        "Envoyé de mon iPhone",
        "Envoyé depuis l'application Mail",
        "Enviado desde mi iPhone",
        "Enviado do meu iPhone",  # theirs: knows no Portuguese
        "Inviato da iPhone",
    ],
)
def test_what_mail_programs_add_is_set_aside(line: str) -> None:
    assert said(f"It is down.\n\n{line}") == "it is down"
    assert said(f"It is down. {line}\n\nHelp!") == "it is down help"


FOOTERS = [
    "If you received this in error, notify us immediately.",
    "This e-mail and any attachments are confidential. Legal action may follow.",
    "The content of this message is\nconfidential and may be legally privileged. Delete it immediately.",
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der Adressat sind, löschen Sie sie sofort.",
    "Ce message et toutes les pièces jointes sont confidentiels. Avertissez immédiatement l'expéditeur.",
    "Este mensaje contiene información confidencial. Si no es el destinatario, bórrelo inmediatamente.",
    "Esta mensagem contém informações confidenciais. Apague-a imediatamente.",
    "Questo messaggio è riservato. Se lo avete ricevuto per errore, cancellatelo immediatamente.",
    "Amtsgericht Berlin, HRB 12345\nGeschäftsführer: Max Müller",
    "Registered in England and Wales No. 1234567",
    "Siège social : 1 rue de la Cour, Paris",
]


@pytest.mark.parametrize("footer", FOOTERS)
def test_legal_footers_are_set_aside(footer: str) -> None:
    # theirs: only those that begin with a title such as "Disclaimer:" and have the word "mail"
    assert said(f"Seats?\n\n{footer}") == "seats"
    assert said(f"Seats?\n\n{footer}\n\nIt is down.") == "seats it is down"
    assert said(footer) == said(footer, TicketText.SUBJECT)


def test_a_footer_begins_with_its_sentence_or_line() -> None:
    assert said(f"Seats? {FOOTERS[0]}") == "seats"
    assert said(f"the site is down\n{FOOTERS[1]}") == "the site is down"
    assert said("I received this email in error, please remove me") == "i received this email in error please remove me"


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office until 3 June. For urgent matters call Max.",
        "Thank you for your message. I'm currently on vacation and will answer when I return.",
        "Automatic reply: I am away.",
        "Ich bin bis 3. Juni nicht im Büro. In dringenden Fällen wenden Sie sich an Max.",
        "Vielen Dank für Ihre Nachricht. Ich bin derzeit im Urlaub.",
        "Je suis absente du bureau jusqu'au 3 juin. En cas d'urgence, contactez Max.",
        "Estoy fuera de la oficina hasta el 3 de junio. En caso de urgencia, llame a Max.",
        "Estarei fora do escritório até 3 de junho. Em caso de urgência, contacte o Max.",
        "Sono fuori sede fino al 3 giugno. In caso di urgenza contattare Max.",
        "This is the mail system at host mail.example.com. Your message could not be delivered.",
        "Delivery has failed to these recipients or groups: max@example.com",
        "Ihre Nachricht konnte nicht zugestellt werden.",
    ],
)
def test_automatic_replies_and_delivery_notices_say_nothing(text: str) -> None:
    assert read_text(text).is_automatic
    result = classify(subject="It is urgent", message=text)
    assert (result.urgency, result.sentiment, result.requires_action) == (Urgency.LOW, Sentiment.NEUTRAL, False)


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: It is urgent",
        "Out of Office: urgent",
        "Undeliverable: refund",
        "Undelivered Mail Returned to Sender",
        "Abwesenheitsnotiz: AW: Ihr Ticket",
        "Automatische Antwort: Ausfall",
        "Réponse automatique : votre ticket",
        "Respuesta automática: su caso",
        "Resposta automática: urgente",
        "Risposta automatica: urgente",
    ],
)
def test_automatic_replies_are_known_by_their_subjects(subject: str) -> None:
    assert read_text(subject, TicketText.SUBJECT).is_automatic
    assert classify(subject=subject, message="urgent").urgency is Urgency.LOW


@pytest.mark.parametrize(
    "text",
    [
        "I am out of the office tomorrow, so please fix this urgently today",
        "Automatic reply does not work",
        "I cannot switch off the out of office message",
        "I'm on vacation, and my card was charged twice",
        "Your message could not be sent, says the app",
        "Out of office",
    ],
)
def test_who_only_speaks_of_absence_wrote_it(text: str) -> None:
    assert not read_text(text).is_automatic
    assert not read_text(text, TicketText.SUBJECT).is_automatic


def test_of_replies_none_swallows_the_next_one() -> None:
    replies = [
        "It works.\n\nBest regards,\nDana Roe\nAttorney at Law",
        "Down again.\n\nOn 3 June 2025, Help <help@example.com> wrote:\n> fixed",
        f"Still!\n\n{HEADS[0]}\n\nWe refund you.\n\nRegards,\nThe Help Desk",
        "I want to cancel.",
        "I am out of the office.\n\nFor urgent matters call Max.",
        "Back.\n\nThis e-mail and any attachments are confidential.",
        "A crash.",
    ]
    kept = "it works best regards down again still i want to cancel back a crash"
    assert said("\n\n".join(replies), TicketText.REPLIES) == kept
    assert not read_text("\n\n".join(replies), TicketText.REPLIES).is_automatic
    assert read_text(replies[4], TicketText.REPLIES).is_automatic
    assert said("> quoted\n\n-- \nDana Roe", TicketText.REPLIES) == ""


@pytest.mark.parametrize(
    "quoted",
    [
        "<blockquote>It is <b>down</b></blockquote>",
        '<blockquote type="cite"><div>It is</div><blockquote>down</blockquote>now</blockquote>',
        '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, X wrote:</div><div>down</div></div>',
        '<div id="x_yahoo_quoted_1" class="yahoo_quoted"><div>down</div></div>',
        '<div class="moz-cite-prefix">On Mon, X wrote:</div><blockquote cite="mid:1">down</blockquote>',
        '<div class="gmail_signature">Dana Roe<br>Attorney at Law</div>',
        '<div id="Signature"><div>Dana Roe</div>Attorney</div>',
        '<pre class="moz-signature" cols="72">-- \nDana Roe\nin court</pre>',
        "<p>On 3 June 2025, X wrote:<br>&gt; It is down<br>&gt; again</p>",
    ],
)
def test_what_html_marks_as_quoted_is_set_aside(quoted: str) -> None:
    assert said(f"<div>Works.</div>{quoted}<p>Bye</p>") == "works bye"
    assert said(quoted) != ""


@pytest.mark.parametrize("marker", ["divRplyFwdMsg", "OutlookMessageHeader", "appendonsend"])
def test_below_some_markers_everything_is_quoted(marker: str) -> None:
    assert said(f'<p>Works.</p><hr><div id="{marker}"><b>From:</b> X</div><p>It is down</p><p>!</p>') == "works"


def test_signatures_of_html_are_known_by_their_words_as_well() -> None:
    assert said("<p>Seats?</p><p>Best regards,<br>\nDana Roe<br>\nAttorney at Law</p>") == "seats best regards"
    assert said("<p>Best\nregards\nto all of you</p>") == "best regards to all of you"
