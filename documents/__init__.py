"""What is stored: one module a collection, with its fields and indexes."""
