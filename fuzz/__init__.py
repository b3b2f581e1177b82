"""Contract fuzzing (`make fuzz`): schemathesis makes up requests from the OpenAPI document and the GraphQL schema.

It lives in an environment of its own (`.venv-fuzz`): a tool that is run against the service, never a part of it.
"""
