"""What the schema's `@cost` and `@listSize` say of one field (`schema/base/cost.py`)."""

from dataclasses import dataclass

from graphql import GraphQLField, get_named_type, get_nullable_type, is_leaf_type, is_list_type

from schema.base.cost import Cost, ListSize

UNSIZED_LIST = 10
"""How long a list of objects is taken to be that has no `@listSize`."""
PRICE = "price"
"""Under what name a field's price is kept in its `extensions`."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one field costs, as far as the schema alone tells."""

    weight: int
    size: int | None
    """The length of its list where no slicing argument is given; None where `@listSize` is absent."""
    slicing_arguments: tuple[str, ...]
    sized_fields: frozenset[str]
    """The sub-fields whose lists have that length; empty where the field's own has."""
    is_leaf: bool
    is_list: bool


def price_of(field: GraphQLField) -> Price:
    """The price of a field; kept with the field."""
    price: Price | None = field.extensions.get(PRICE)
    if price is None:
        price = field.extensions[PRICE] = _read_price(field)
    return price


def _read_price(field: GraphQLField) -> Price:
    directives = getattr(field.extensions.get("strawberry-definition"), "directives", ())
    cost = next((one for one in directives if isinstance(one, Cost)), None)
    size = next((one for one in directives if isinstance(one, ListSize)), None)
    return Price(
        weight=0 if cost is None else cost.weight,
        size=None if size is None else size.assumed_size or UNSIZED_LIST,
        slicing_arguments=() if size is None else tuple(size.slicing_arguments or ()),
        sized_fields=frozenset() if size is None else frozenset(size.sized_fields or ()),
        is_leaf=is_leaf_type(get_named_type(field.type)),
        is_list=is_list_type(get_nullable_type(field.type)),
    )
