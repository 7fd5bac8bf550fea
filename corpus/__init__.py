"""Articles in, spans out: readers, cleaning, sentences, passages and the store of the truth."""
