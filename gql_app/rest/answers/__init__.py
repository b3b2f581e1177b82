"""The shapes of what REST answers. The command line prints the same ones, so nothing here knows of HTTP."""
