"""The command `python -m gql_app doctor`: whether everything is there that the service needs."""
