import type { ClipView } from "../../api/schema";

const FORBIDDEN = /[<>:"/\\|?*\u0000-\u001f]+/g;

/** What a template makes of a clip, as a preview: `{index:03}` pads with zeros, unknown fields stay as they are. */
export function previewName(template: string, clip: ClipView, index: number, project: string): string {
  const fields: Record<string, string | number> = {
    project,
    index,
    name: clip.name,
    id: clip.id,
    start: Math.round(clip.start),
    end: Math.round(clip.end),
    duration: Math.round(clip.duration),
    quality: clip.quality_score.toFixed(2),
    date: new Date().toISOString().slice(0, 10),
  };
  const filled = template.replace(/\{(\w+)(?::0?(\d+))?\}/g, (whole, name: string, width?: string) => {
    const value = fields[name];
    return value === undefined ? whole : String(value).padStart(Number(width ?? 0), "0");
  });
  return `${filled.replace(FORBIDDEN, "_").trim()}.mp4`;
}
