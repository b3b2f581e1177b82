import pytest

from documents.ticket import Language, Sentiment, Urgency
from services.classification.classifier import Classification, classify


def read_spanish(text: str) -> Classification:
    result = classify(subject="", message=text)
    assert result.language is Language.ES
    return result


@pytest.mark.parametrize(
    ("text", "keyword", "urgency"),
    [
        ("Os voy a denunciar", "sue", Urgency.HIGH),
        ("Mi abogada se pondrá en contacto con ustedes", "lawyer", Urgency.HIGH),
        ("Exijo que me devuelvan el dinero", "refund", Urgency.HIGH),
        ("Devolvédmelo ya", "refund", Urgency.HIGH),
        ("Siguen sin reembolsarme el pedido", "refund", Urgency.HIGH),
        ("Me han cobrado dos veces la cuota", "charged twice", Urgency.HIGH),
        ("¿Por qué me cobráis una cuenta que cancelé?", "overcharged", Urgency.HIGH),
        ("Hay dos cargos que no reconozco en mi tarjeta", "unauthorised charge", Urgency.HIGH),
        ("Hackearon mi cuenta", "hacked", Urgency.HIGH),
        ("Veo las facturas de otros clientes", "data leak", Urgency.HIGH),
        ("Se cayó el sistema y no sabemos por qué", "down", Urgency.HIGH),
        ("Nadie puede entrar en la aplicación", "nobody can access", Urgency.HIGH),
        ("Se han borrado todos los datos de la empresa", "data loss", Urgency.HIGH),
        ("No me deja entrar en mi cuenta", "cannot log in", Urgency.MEDIUM),
        ("La aplicación no funciona desde ayer", "not working", Urgency.MEDIUM),
        ("xq no anda la app??", "not working", Urgency.MEDIUM),
        ("El mando llegó roto y con un cable suelto", "broken", Urgency.MEDIUM),
        ("Todo va lentísimo hoy", "slow", Urgency.MEDIUM),
        ("Quiero darme de baja", "cancel", Urgency.MEDIUM),
        ("Nos cambiamos de compañía el mes que viene", "churn", Urgency.MEDIUM),
        ("Estoy muy decepcionada con ustedes", "disappointed", Urgency.MEDIUM),
        ("Nadie me contesta los correos", "ignored", Urgency.MEDIUM),
    ],
)
def test_what_spanish_tickets_say_is_found(text: str, keyword: str, urgency: Urgency) -> None:
    result = read_spanish(text)
    assert (result.urgency, result.requires_action) == (urgency, True)
    assert keyword in {match.keyword for match in result.matched}


@pytest.mark.parametrize(
    "text",
    [
        "No es urgente, gracias",
        "No quiero un reembolso",
        "No es ningún fraude, es mi suscripción",
        "No me han cobrado dos veces",
        "No tengo ningún problema con la cuenta",
        "No hay errores en el informe",
        "Todo funciona sin errores ni cortes",
        "Nunca se ha caído la página",
        "No creo que sea un fallo",
        "No queremos cancelar el contrato",
        "¿Qué pasa si se cae el servidor?",
        "¿Qué harían ustedes si hubiera una fuga de datos?",
        "¿Cuál es su política de devoluciones?",
        "Leí que hackearon a un banco la semana pasada",
        "Con nuestro antiguo proveedor se caía todo",
        "Soy abogado y busco un plan para mi despacho",
        "La alta demanda de estas semanas nos alegra",
        "El error de ayer ya está solucionado",
        "Ayer no podía entrar, pero ya funciona",
        "El reembolso ya llegó a mi cuenta",
        "Me cobraron dos veces pero ya me lo devolvieron",
    ],
)
def test_what_spanish_tickets_deny_suppose_or_tell_as_over_does_not_fire(text: str) -> None:
    assert read_spanish(text).urgency is Urgency.LOW


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("No crean que esto no es urgente", Urgency.HIGH),
        ("No está solucionado el error", Urgency.MEDIUM),
        ("Dijeron que el fallo ya estaba arreglado", Urgency.MEDIUM),
        ("No solo es lento, también hace un ruido raro", Urgency.MEDIUM),
        ("No es urgente, pero la impresora no funciona", Urgency.MEDIUM),
        ("Sigo sin poder entrar en mi cuenta", Urgency.MEDIUM),
        ("El problema ha vuelto a aparecer", Urgency.MEDIUM),
    ],
)
def test_a_spanish_negation_of_something_else_leaves_the_signal(text: str, urgency: Urgency) -> None:
    assert read_spanish(text).urgency is urgency


@pytest.mark.parametrize(
    ("text", "sentiment", "requires_action"),
    [
        ("¡Muchísimas gracias, son unos cracks!", Sentiment.POSITIVE, False),
        ("Quería felicitar a Marta por su paciencia", Sentiment.POSITIVE, False),
        ("¿Me podéis mandar la factura? Gracias de antemano", Sentiment.NEUTRAL, True),
        ("No encuentro dónde cambiar la dirección", Sentiment.NEUTRAL, True),
        ("Estaría muy bien poder exportar los informes a Excel", Sentiment.NEUTRAL, False),
        ("Les informamos de que cerramos el lunes. No es necesario que respondan", Sentiment.NEUTRAL, False),
        ("No me gusta el diseño nuevo", Sentiment.NEGATIVE, False),
        ("Gracias por nada", Sentiment.NEGATIVE, True),
    ],
)
def test_mood_and_need_for_action_of_spanish_tickets(text: str, sentiment: Sentiment, requires_action: bool) -> None:
    result = read_spanish(text)
    assert (result.sentiment, result.requires_action) == (sentiment, requires_action)
