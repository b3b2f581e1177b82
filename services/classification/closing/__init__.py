"""What it means for the rest of a text that its matter is over, or was none."""
