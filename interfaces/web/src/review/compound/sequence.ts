import { isCalledOff } from "../../api/connection.svelte";
import type { Part } from "./compound.svelte";

/** Plays parts of one video in a row, from one of them on, without anything being rendered; returns what ends it. */
export function playSequence(
  video: HTMLVideoElement,
  parts: readonly Part[],
  first: number,
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
    // One that was stopped in the middle goes on there.
    const within = video.currentTime >= part.start && video.currentTime < part.end;
    if (!(next === first && within)) video.currentTime = part.start;
    video.play().catch((error: unknown) => {
      // Stopped on purpose; whatever else keeps the video from being played ends it, and the element says so.
      if (isCalledOff(error)) return;
      cancelAnimationFrame(frame);
      on.end();
    });
    frame = requestAnimationFrame(watch);
  };
  const watch = () => {
    const part = parts[index];
    if (!part || (!video.seeking && video.currentTime >= part.end - 0.02)) begin(index + 1);
    else frame = requestAnimationFrame(watch);
  };
  begin(first);
  return () => {
    cancelAnimationFrame(frame);
    video.pause();
  };
}
