"""The application: wires and serves."""

VERSION = "0.1.0"
