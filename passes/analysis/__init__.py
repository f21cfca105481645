"""Nouns: facts about a module, read once into plain data. Nothing here changes IR."""
