"""The words of the commands: each returns an order. Nothing is imported here that takes long."""
