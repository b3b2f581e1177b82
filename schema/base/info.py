"""What every GraphQL resolver is given."""

from strawberry.types.info import Info as StrawberryInfo

from resolvers.context import Context

Info = StrawberryInfo[Context, None]
"""The field at hand, with the request's context."""
