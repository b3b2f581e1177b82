"""The commands for who runs the service on machines of their own: clusters, backups."""
