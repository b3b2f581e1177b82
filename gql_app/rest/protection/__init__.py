"""Routes about what protects people's data: erasures and the audit trail."""
