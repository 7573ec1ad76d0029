/** What a setting is called on the page. Where a text is missing, its name and the server's own help are shown. */
export interface SettingTexts {
  readonly label: string;
  readonly help?: string;
  readonly choices?: Readonly<Record<string, string>>;
}

export const englishSettings: Readonly<Record<string, SettingTexts>> = {
  platform: {
    label: "Platform",
    help: "Sets the shape and checks the platform’s limits.",
    choices: { none: "None", tiktok: "TikTok", reels: "Instagram Reels", shorts: "YouTube Shorts", x: "X" },
  },
  shape: {
    label: "Shape",
    help: "By default, the platform’s shape.",
    choices: { original: "Original", vertical: "Vertical 9:16", square: "Square 1:1" },
  },
  framing: {
    label: "Layout",
    help: "How the picture fills the shape. Your choice applies to all clips of this project.",
    choices: {
      center: "Center",
      motion: "Follow the motion",
      subject: "Follow people",
      split: "Two people",
      blur: "Blurred background",
      letterbox: "Black bars",
      "facecam-top": "Camera on top",
    },
  },
  facecam: { label: "Camera: left, top, width, height" },
  captions: {
    label: "Captions",
    help: "Burned into the picture. Karaoke marks the spoken word.",
    choices: { off: "None", plain: "Plain", boxed: "Boxed", karaoke: "Karaoke" },
  },
  normalize_loudness: { label: "Even loudness", help: "Gives all files the same loudness." },
  cut: {
    label: "Cut",
    help: "Exact re-encodes everything, smart only the edges. Copy re-encodes nothing and starts at a keyframe.",
    choices: { exact: "Exact", smart: "Smart", copy: "Copy" },
  },
  name_template: { label: "File names" },
  target_clip_count_soft: { label: "Maximum clips" },
  min_clip_seconds: { label: "Shortest clip", help: "No clip is shorter." },
  max_clip_seconds: { label: "Longest clip", help: "No clip is longer." },
  count: { label: "Number of clips" },
  total: { label: "Total length" },
  length: { label: "Length of a clip" },
  anchor_threshold: { label: "Excitement of a moment", help: "Weaker peaks are ignored. Lower values find more." },
  scene_threshold: { label: "Cuts", help: "Weaker shot changes are ignored. Lower values find more." },
};
