"""Task sentences: which scenario one is of, what it says in words of the lexicon, and what of that contradicts what was done."""
