"""The issues of a GitHub repository as a source, by GitHub's REST API."""
