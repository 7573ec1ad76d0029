import type { Part } from "./compound.svelte";

/** Plays parts of one video in a row, without anything being rendered; returns what ends it. */
export function playSequence(
  video: HTMLVideoElement,
  parts: readonly Part[],
  on: { part: (index: number) => void; end: () => void },
): () => void {
  let index = 0;
  let frame = 0;
  const begin = (next: number) => {
    index = next;
    const part = parts[index];
    if (!part) {
      video.pause();
      on.end();
      return;
    }
    on.part(index);
    video.currentTime = part.start;
    void video.play();
    frame = requestAnimationFrame(watch);
  };
  const watch = () => {
    const part = parts[index];
    if (!part || (!video.seeking && video.currentTime >= part.end - 0.02)) begin(index + 1);
    else frame = requestAnimationFrame(watch);
  };
  begin(0);
  return () => {
    cancelAnimationFrame(frame);
    video.pause();
  };
}
