"""The only readers of media files: probing, decoding, thumbnails."""
