"""The REST routes: each reads its parameters, asks one function of `resolvers/`, and shapes the answer."""
