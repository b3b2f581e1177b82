"""Checking the files of the rules, before they are released."""
