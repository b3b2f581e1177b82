"""A stand-in of GitHub's REST API for issues, written from its public documentation."""
