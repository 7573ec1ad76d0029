import type { SettingTexts } from "./english-settings";

export const germanSettings: Readonly<Record<string, SettingTexts>> = {
  platform: {
    label: "Plattform",
    help: "Bestimmt das Format und prüft, was die Plattform annimmt.",
    choices: { none: "Keine", tiktok: "TikTok", reels: "Instagram Reels", shorts: "YouTube Shorts", x: "X" },
  },
  shape: {
    label: "Format",
    help: "Das der Plattform, wenn Sie keines wählen.",
    choices: { original: "Wie es ist", vertical: "Hochkant 9:16", square: "Quadrat 1:1" },
  },
  framing: {
    label: "Bildaufteilung",
    help: "Wie das Format gefüllt wird. Einmal gewählt, gilt sie für alle Clips dieses Projekts.",
    choices: {
      center: "Mitte",
      motion: "Der Bewegung nach",
      subject: "Den Personen nach",
      split: "Zwei Personen",
      blur: "Über Unschärfe",
      letterbox: "Schwarze Balken",
      "facecam-top": "Kamera oben",
    },
  },
  facecam: {
    label: "Kamera: links, oben, Breite, Höhe",
    help: "Das Rechteck der Kamera in Pixeln; leer wird es gesucht.",
  },
  captions: {
    label: "Untertitel",
    help: "Was gesagt wird, ins Bild geschrieben; bei Karaoke ist das gesprochene Wort markiert.",
    choices: { off: "Keine", plain: "Einfach", boxed: "Im Kasten", karaoke: "Karaoke" },
  },
  normalize_loudness: {
    label: "Lautheit angleichen",
    help: "Bringt den Ton aller Dateien auf dieselbe Lautheit.",
  },
  cut: {
    label: "Schnitt",
    help: "Genau kodiert alles neu, sparsam nur die Ränder, Kopie nichts; sie beginnt an einem Keyframe.",
    choices: { exact: "Genau", smart: "Sparsam", copy: "Kopie" },
  },
  target_clip_count_soft: { label: "Höchstzahl der Clips", help: "So viele bleiben höchstens, die besten zuerst." },
  min_clip_seconds: { label: "Kürzester Clip", help: "Kürzer wird kein Clip." },
  max_clip_seconds: { label: "Längster Clip", help: "Länger wird kein Clip." },
  anchor_threshold: {
    label: "Spannung eines Moments",
    help: "Eine Spitze darunter ist kein Moment: kleiner findet mehr.",
  },
  scene_threshold: { label: "Schnitte", help: "Ein Bildwechsel darunter ist kein Schnitt: kleiner findet mehr." },
  count: { label: "Zahl der Clips", help: "So viele, die besten zuerst; 0: alle, die herausragen." },
  total: { label: "Gesamtlänge", help: "Aller Clips zusammen: 90, 90s oder 1:30; 0: keine Grenze." },
  length: { label: "Länge eines Clips", help: "Von-bis in Sekunden: 20-40, 20-, -40." },
  name_template: {
    label: "Dateinamen",
    help: "In Klammern: project, index, name, id, start, end, duration, quality und date.",
  },
};
