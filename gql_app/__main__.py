"""`python -m gql_app`: the command line."""

from gql_app.commands.cli import main

main()
