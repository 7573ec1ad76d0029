"""Speech: the words of a video with their times, and what is derived from them."""
