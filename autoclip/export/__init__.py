"""Render clips to files. Read `render` first: one clip, from the requested interval to the checked file.

::

    render          one clip                      batch         many, several at once
    compound/       several cuts in one file      cuts/         exact, smart, copy: three ways to cut
    video/          size, shape, colors           audio/        tracks, copying, loudness
    captions/       what is said, in the picture  tightened     without pauses and fillers
    platforms       what TikTok and others take   names         of files, safe and never another's
    render_context  where a file is made          checks/       before it gets its name
    interchange/    timelines for editors         previews/     thumbnails, previews, contact sheets
    destinations    where a file is brought then
"""
