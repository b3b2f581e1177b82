"""`python -m gql_app`: the command line."""

from gql_app.cli import main

main()
