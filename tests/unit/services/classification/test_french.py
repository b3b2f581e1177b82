"""French as people write it: negation around and after the verb, apostrophes, inflection, frames, registers."""

import pytest

from documents.ticket import Sentiment, Urgency
from services.classification.classifier import Classification, classify


def judged(text: str) -> Classification:
    # So that a text of three words is known to be French.
    return classify(subject="", message=f"Bonjour, je vous écris. {text}")


@pytest.mark.parametrize(
    "text",
    [
        "Ce n'est pas urgent.",
        "Ça ne presse pas.",
        "Rien d'urgent.",
        "Il n'y a aucune panne.",
        "Il n'y a plus d'erreur.",
        "L'application ne plante pas.",
        "Je ne pense pas que ce soit une erreur.",
        "Je ne veux pas de remboursement.",
        "Je n'ai pas besoin d'avocat.",
        "Nous ne voulons pas résilier.",
        "Je ne suis pas déçu.",
        "L'erreur n'apparaît plus.",
        "Le problème a été résolu.",
        "Le site était en panne mais ça remarche.",
        "Que se passe-t-il si le serveur tombe en panne ?",
        "En cas de panne, serai-je prévenu ?",
        "Notre ancien fournisseur avait sans cesse des pannes.",
        "J'ai lu qu'il y avait eu une fuite de données ailleurs.",
        "Quel est le délai de résiliation ?",
        "Je voudrais l'avocat aux crevettes.",
        "Où est l'issue de secours ?",
    ],
)
def test_what_is_denied_repaired_or_imagined_does_not_fire(text: str) -> None:
    assert judged(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("L'imprimante ne marche plus.", "not working"),
        ("Ça marche pas.", "not working"),
        ("L'imprimante ne fonctionne toujours pas.", "not working"),
        ("Je n'arrive pas à ouvrir le fichier.", "cannot use"),
        ("Impossible d'ouvrir le fichier.", "cannot use"),
        ("Je ne peux plus me connecter.", "cannot log in"),
        ("Impossible de me connecter.", "cannot log in"),
        ("L'application plante au démarrage.", "crash"),
        ("Les applications plantaient déjà.", "crash"),
        ("Le serveur est en panne.", "outage"),
        ("La lampe est cassée.", "broken"),
        ("Les lampes sont défectueuses.", "broken"),
        ("La facture a été prélevée deux fois.", "charged twice"),
        ("Vous prélevez le montant deux fois.", "charged twice"),
        ("J'exige le remboursement.", "refund"),
        ("Je transmets le dossier à mon avocate.", "lawyer"),
        ("Je vous mets en demeure.", "legal action"),
        ("Je résilie mon contrat.", "cancel"),
        ("Le contrat est résilié.", "cancel"),
        ("C'est inadmissible.", "unacceptable"),
        ("Nous sommes très déçues.", "disappointed"),
        ("Personne ne peut se connecter.", "nobody can access"),
        ("Je vois les factures d'autres clients.", "data leak"),
        ("Vous n'avez pas corrigé l'erreur.", "error"),
        ("L'erreur n'est pas corrigée.", "error"),
        ("Ne croyez pas que ce ne soit pas urgent.", "urgent"),
        ("Pas un jour sans que l'appli plante.", "crash"),
    ],
)
def test_what_is_said_fires(text: str, keyword: str) -> None:
    assert keyword in {match.keyword for match in judged(text).matched}


@pytest.mark.parametrize("spelled", ["piraté", "pirate", "PIRATÉ", "piratée"])
def test_accents_may_be_left_out(spelled: str) -> None:
    assert judged(f"Mon compte a été {spelled}.").urgency is Urgency.HIGH


@pytest.mark.parametrize(
    ("text", "sentiment", "requires_action"),
    [
        ("Merci beaucoup pour votre aide !", Sentiment.POSITIVE, False),
        ("Merci de m'envoyer la facture. Merci d'avance !", Sentiment.NEUTRAL, True),
        ("Ce serait bien de pouvoir trier.", Sentiment.NEUTRAL, False),
        ("Merci pour rien.", Sentiment.NEGATIVE, True),
        ("La nouvelle interface me plaît beaucoup.", Sentiment.POSITIVE, False),
        ("La nouvelle interface ne me plaît pas.", Sentiment.NEGATIVE, False),
        ("Je ne trouve pas les réglages.", Sentiment.NEUTRAL, True),
    ],
)
def test_mood_and_need_for_action(text: str, sentiment: Sentiment, requires_action: bool) -> None:
    result = judged(text)
    assert (result.sentiment, result.requires_action) == (sentiment, requires_action)
