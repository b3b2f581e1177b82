"""A tenant's own words: those that make its tickets urgent, and those that say nothing."""
