"""What many dashboards and many tenants cost, and whether anything grows while they do."""
