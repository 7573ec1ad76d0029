"""Extract the features of one long video in ranges, on several cores or machines, and merge them."""
