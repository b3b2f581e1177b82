"""The bank of ticket texts: topics with their templates, the words that fill them, and their composition."""
