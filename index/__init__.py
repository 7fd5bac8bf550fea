"""Question in, answer out: analysis, BM25, embedding, vectors, scoring, evidence and answers."""
