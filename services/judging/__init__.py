"""Who judges a tenant's tickets: the rules, its own words, what it has corrected."""
