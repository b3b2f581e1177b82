"""How often the classification is right, on texts that people have labelled."""
