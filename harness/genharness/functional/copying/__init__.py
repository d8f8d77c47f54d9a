"""Has a generator handed out its training data? Scores that say so."""
