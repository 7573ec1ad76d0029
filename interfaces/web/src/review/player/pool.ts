import { claimVideo } from "../../api/early";
import type { ClipView } from "../../api/schema";

const SLOTS = 3;
/** A seek goes so far into a frame: times are rounded to microseconds, and one that falls short shows the frame before. */
const INTO_FRAME_SEC = 0.001;

/** One video element that waits at the beginning of a clip, or plays it. */
export interface Slot {
  readonly video: HTMLVideoElement;
  clip: string | null;
  usedAt: number;
  /** Media time of the frame that the element shows, in seconds; null while another is on its way. */
  frame: number | null;
}

/**
 * Video elements of the same file, each at another place: the clip that plays and those that come next, whose first
 * pictures are decoded ahead. Going to the next clip then shows another element instead of waiting for a seek.
 */
export class VideoPool {
  readonly slots: readonly Slot[];
  shown: Slot;
  /** Media time of the video's first frame: it is not 0 where the sound starts earlier. */
  offset = 0;
  private url = "";

  constructor(private readonly stage: HTMLElement) {
    this.slots = Array.from({ length: SLOTS }, () => ({ video: newVideo(), clip: null, usedAt: 0, frame: null }));
    for (const slot of this.slots) {
      stage.append(slot.video);
      noteFrames(slot);
    }
    this.shown = this.slots[0] as Slot;
    this.mark();
  }

  /** Load a file into the element that is shown; the others load it when they are needed, or again, at their place. */
  load(url: string): void {
    this.url = url;
    for (const slot of this.slots) {
      const at = slot.video.currentTime;
      if (slot !== this.shown && !slot.video.src) continue;
      if (slot.video.src !== url || slot.video.error) slot.video.src = url;
      if (at > 0) slot.video.currentTime = at;
    }
  }

  /** Show the element that waits at a clip, or the one that was used least recently, sent there. */
  show(clip: ClipView): Slot {
    const slot = this.slotOf(clip);
    if (slot !== this.shown) this.shown.video.pause();
    this.shown = slot;
    this.mark();
    return slot;
  }

  /** Have elements wait at the clips that come next. */
  prepare(clips: readonly ClipView[]): void {
    for (const clip of clips.slice(0, SLOTS - 1)) this.slotOf(clip, clips);
  }

  /** Forget which clips the elements wait at, because edges have changed. */
  forget(clip: string): void {
    for (const slot of this.slots) if (slot.clip === clip && slot !== this.shown) slot.clip = null;
  }

  /** Send an element to an instant of the video. */
  seek(slot: Slot, time: number): void {
    slot.frame = null;
    if (this.url && (!slot.video.src || slot.video.error)) slot.video.src = this.url;
    slot.video.currentTime = time + this.offset + INTO_FRAME_SEC;
  }

  /** Resolves when the element that is shown has a new frame on the screen, or after a time. */
  nextFrame(limitMs: number): Promise<void> {
    const { video } = this.shown;
    return new Promise((resolve) => {
      setTimeout(resolve, limitMs);
      video.requestVideoFrameCallback?.(() => resolve());
    });
  }

  dispose(): void {
    for (const { video } of this.slots) {
      video.pause();
      video.removeAttribute("src");
      video.load();
      video.remove();
    }
  }

  private slotOf(clip: ClipView, wanted: readonly ClipView[] = []): Slot {
    const waiting = this.slots.find((slot) => slot.clip === clip.id && !slot.video.error);
    const free = this.slots
      .filter((slot) => slot !== this.shown && !wanted.some(({ id }) => id === slot.clip))
      .sort((one, other) => one.usedAt - other.usedAt);
    const slot = waiting ?? (this.shown.clip === null ? this.shown : (free[0] ?? this.shown));
    slot.usedAt = performance.now();
    if (slot.clip !== clip.id) {
      slot.clip = clip.id;
      this.seek(slot, clip.start);
    }
    return slot;
  }

  private mark(): void {
    for (const slot of this.slots) slot.video.classList.toggle("shown", slot === this.shown);
    this.stage.dataset["clip"] = this.shown.clip ?? "";
  }
}

function newVideo(): HTMLVideoElement {
  const video = claimVideo();
  video.preload = "auto";
  video.playsInline = true;
  video.disablePictureInPicture = true;
  video.tabIndex = -1;
  return video;
}

/** Note of each frame that is shown which one it is: the only exact way to know it, also at a variable frame rate. */
function noteFrames(slot: Slot): void {
  const note = (_now: number, { mediaTime }: VideoFrameCallbackMetadata) => {
    // While it seeks, that is still the frame from before.
    if (!slot.video.seeking) slot.frame = mediaTime;
    slot.video.requestVideoFrameCallback(note);
  };
  slot.video.requestVideoFrameCallback?.(note);
}
