"""Parsing documents, each once as long as it is in use: what is known of a document is kept by its identity."""

from functools import lru_cache

from graphql import DocumentNode, parse

CACHED_DOCUMENTS = 100
CACHED_CHARACTERS = 20_000
"""Longer documents are not kept. A parsed document takes up to 1 MB, so those that are take at most 100 MB."""


def parse_cached(query: str, max_tokens: int) -> DocumentNode:
    """Parse a document, or find it parsed already.

    Raises:
        GraphQLSyntaxError: it is not GraphQL, or has too many tokens.
        RecursionError: it is nested too deeply.
    """
    return _parse(query, max_tokens) if len(query) <= CACHED_CHARACTERS else parse(query, max_tokens=max_tokens)


@lru_cache(maxsize=CACHED_DOCUMENTS)
def _parse(query: str, max_tokens: int) -> DocumentNode:
    return parse(query, max_tokens=max_tokens)
