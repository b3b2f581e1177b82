"""How phrases are written: their elements, and the forms of words."""
