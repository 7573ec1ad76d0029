/** What a setting is called on the page. Where a text is missing, its name and the server's own help are shown. */
export interface SettingTexts {
  readonly label: string;
  readonly help?: string;
  readonly choices?: Readonly<Record<string, string>>;
}

export const englishSettings: Readonly<Record<string, SettingTexts>> = {
  platform: {
    label: "Platform",
    help: "Sets the shape, and checks what the platform takes.",
    choices: { none: "None", tiktok: "TikTok", reels: "Instagram Reels", shorts: "YouTube Shorts", x: "X" },
  },
  shape: {
    label: "Shape",
    help: "The platform’s, unless you choose one.",
    choices: { original: "As it is", vertical: "Upright 9:16", square: "Square 1:1" },
  },
  framing: {
    label: "Layout",
    help: "How the shape is filled. Chosen once, it holds for all clips of this project.",
    choices: {
      center: "Center",
      motion: "Follow the motion",
      subject: "Follow people",
      blur: "Over a blur",
      letterbox: "Black bars",
      "facecam-top": "Camera on top",
    },
  },
  facecam: { label: "Camera: left, top, width, height" },
  captions: {
    label: "Captions",
    help: "What is said, written into the picture; with karaoke the spoken word is marked.",
    choices: { off: "None", plain: "Plain", boxed: "Boxed", karaoke: "Karaoke" },
  },
  normalize_loudness: { label: "Even loudness", help: "Brings the sound of all files to the same loudness." },
  cut: {
    label: "Cut",
    help: "Exact encodes all anew; smart only the edges; copy nothing, and starts at a keyframe.",
    choices: { exact: "Exact", smart: "Smart", copy: "Copy" },
  },
  name_template: { label: "File names" },
  target_clip_count_soft: { label: "Most clips" },
  min_clip_seconds: { label: "Shortest clip", help: "No clip gets shorter." },
  max_clip_seconds: { label: "Longest clip", help: "No clip gets longer." },
  count: { label: "Number of clips" },
  total: { label: "Total length" },
  length: { label: "Length of a clip" },
  anchor_threshold: { label: "Excitement of a moment", help: "A peak below this is no moment: lower finds more." },
  scene_threshold: { label: "Cuts", help: "A change of shot below this is no cut: lower finds more." },
};
