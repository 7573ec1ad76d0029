"""Show clips without rendering them: thumbnails, moving previews, contact sheets."""
