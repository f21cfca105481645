"""One thought per file: transforms are verbs, analyses nouns, validators verify-*."""
