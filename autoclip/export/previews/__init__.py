"""What a clip looks like, without rendering it: thumbnails, moving previews, contact sheets."""
