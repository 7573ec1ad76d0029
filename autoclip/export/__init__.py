"""What leaves the house: rendered clips, thumbnails, the report page."""
