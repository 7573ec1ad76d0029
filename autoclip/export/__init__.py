"""Files made of clips. Read `render` first: one clip, from the interval that is asked for to the file that is checked.

::

    render        one clip                         batch         many, several at once
    compound/     several cuts in one file         cuts/         exact, smart, copy: three ways to cut
    picture/      size, shape, colors             sound/        tracks, copying, loudness
    platforms     what TikTok and others take      names         of files, safe and never another's
    workbench     where a file is made             checks/       before it gets its name
    destinations  where it is brought then         looks/        thumbnails, previews, contact sheets
    handover/     timelines for editing programs   report/       the page of an analysis
"""
