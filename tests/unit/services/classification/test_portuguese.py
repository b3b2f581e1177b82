import pytest

from documents.ticket import Language, Sentiment, Urgency
from services.classification.classifier import Classification, classify


def read_portuguese(text: str) -> Classification:
    result = classify(subject="", message=text)
    assert result.language is Language.PT
    return result


@pytest.mark.parametrize(
    ("text", "keyword", "urgency"),
    [
        ("Vou processar vocês", "sue", Urgency.HIGH),
        ("O meu advogado vai entrar em contacto convosco", "lawyer", Urgency.HIGH),
        ("Vou abrir reclamação no Procon", "regulator", Urgency.HIGH),
        ("Exijo o estorno do valor que paguei", "refund", Urgency.HIGH),
        ("Devolvam-me o dinheiro", "refund", Urgency.HIGH),
        ("Fui cobrado duas vezes pela mesma fatura", "charged twice", Urgency.HIGH),
        ("Cobrança indevida de novo na minha conta", "overcharged", Urgency.HIGH),
        ("Tem uma compra no meu cartão que não fiz", "unauthorised charge", Urgency.HIGH),
        ("Hackearam a minha conta", "hacked", Urgency.HIGH),
        ("Os dados dos clientes vazaram", "data leak", Urgency.HIGH),
        ("O site está fora do ar", "down", Urgency.HIGH),
        ("Ninguém consegue acessar o sistema", "nobody can access", Urgency.HIGH),
        ("Sumiram todos os dados da empresa", "data loss", Urgency.HIGH),
        ("Não consigo entrar na minha conta", "cannot log in", Urgency.MEDIUM),
        ("O aplicativo não está funcionando", "not working", Urgency.MEDIUM),
        ("vcs podem ver pq n ta funcionando", "not working", Urgency.MEDIUM),
        ("O app fica travando o tempo todo", "crash", Urgency.MEDIUM),
        ("O produto veio quebrado e sem manual", "broken", Urgency.MEDIUM),
        ("Está tudo muito lento hoje", "slow", Urgency.MEDIUM),
        ("Quero cancelar a minha assinatura", "cancel", Urgency.MEDIUM),
        ("Vamos mudar de operadora no próximo mês", "churn", Urgency.MEDIUM),
        ("Estou muito desiludida com vocês", "disappointed", Urgency.MEDIUM),
        ("Ninguém responde aos meus e-mails", "ignored", Urgency.MEDIUM),
    ],
)
def test_what_portuguese_tickets_say_is_found(text: str, keyword: str, urgency: Urgency) -> None:
    result = read_portuguese(text)
    assert (result.urgency, result.requires_action) == (urgency, True)
    assert keyword in {match.keyword for match in result.matched}


@pytest.mark.parametrize(
    "text",
    [
        "Não é urgente, obrigado",
        "Não quero reembolso nem nada",
        "Não é nenhuma fraude, é a minha assinatura",
        "Não fui cobrado duas vezes",
        "Não tenho nenhum problema com a conta",
        "Não há erros no relatório",
        "Funciona tudo sem erros nem cortes",
        "O site nunca caiu",
        "Não acho que seja uma falha",
        "Não queremos cancelar o contrato",
        "O que acontece se o servidor cair?",
        "O que fariam se houvesse um vazamento de dados?",
        "Qual é a política de reembolso de vocês?",
        "Li que hackearam um banco na semana passada",
        "Com o nosso antigo fornecedor estava sempre tudo fora do ar",
        "Sou advogado e procuro um plano para o meu escritório",
        "O erro de ontem já foi corrigido",
        "Ontem não conseguia entrar, mas já voltou a funcionar",
        "O estorno já caiu na minha conta",
        "Cobraram duas vezes mas já me devolveram",
    ],
)
def test_what_portuguese_tickets_deny_suppose_or_tell_as_over_does_not_fire(text: str) -> None:
    assert read_portuguese(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("Há uma cobrança dupla no meu cartão", Urgency.HIGH),
        ("Não pensem que isto não é urgente", Urgency.HIGH),
        ("O erro não foi corrigido", Urgency.MEDIUM),
        ("Disseram que o erro já estava resolvido", Urgency.MEDIUM),
        ("Não é urgente, mas a impressora não funciona", Urgency.MEDIUM),
        ("Continuo sem conseguir entrar na conta", Urgency.MEDIUM),
        ("O problema voltou a aparecer", Urgency.MEDIUM),
    ],
)
def test_no_is_no_negation_and_a_negation_of_something_else_leaves_the_signal(text: str, urgency: Urgency) -> None:
    assert read_portuguese(text).urgency is urgency


@pytest.mark.parametrize(
    ("text", "sentiment", "requires_action"),
    [
        ("Muito obrigado, atendimento excelente!", Sentiment.POSITIVE, False),
        ("Queria deixar um elogio ao Rui pela paciência", Sentiment.POSITIVE, False),
        ("Podem enviar a fatura? Desde já agradeço", Sentiment.NEUTRAL, True),
        ("Não estou a encontrar onde se muda a morada", Sentiment.NEUTRAL, True),
        ("Seria ótimo poder exportar para Excel", Sentiment.NEUTRAL, False),
        ("Informamos que o escritório estará fechado. Não é necessário responder", Sentiment.NEUTRAL, False),
        ("Não gostei do novo visual", Sentiment.NEGATIVE, False),
        ("Obrigado por nada", Sentiment.NEGATIVE, True),
    ],
)
def test_mood_and_need_for_action_of_portuguese_tickets(text: str, sentiment: Sentiment, requires_action: bool) -> None:
    result = read_portuguese(text)
    assert (result.sentiment, result.requires_action) == (sentiment, requires_action)
