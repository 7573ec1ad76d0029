"""Speech: what is said in a video, word by word, and what follows from it."""
