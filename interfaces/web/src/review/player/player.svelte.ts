import type { ClipView } from "../../api/schema";
import { VideoPool } from "./pool";

const TAIL_SEC = 2;
const RATES = [0.25, 0.5, 1, 1.25, 1.5, 2];
const FASTEST = 4;
const USUAL_FRAME_RATE = 25;
/** How far an instant may lie before a clip and still count as its start: seeks land a frame early now and then. */
const EDGE_SEC = 0.05;
/** A frame that began longer ago than this is not the one at the playhead, whatever the browser says. */
const NEAR_SEC = 1;
/** The clips that come next wait for so long at most, so that the one that is asked for has the decoder to itself. */
const PREPARE_MS = 400;
/** Everything else waits for so long at most for the first picture of all, for which the file's index is read. */
const FIRST_FRAME_MS = 1500;

/** Plays a project's video, a clip at a time: it stops at the clip's end, or begins again. */
export class Player {
  time = $state(0);
  playing = $state(false);
  rate = $state(1);
  muted = $state(false);
  looping = $state(false);
  /** Whether the browser refused to play with sound before the first key or click. */
  silenced = $state(false);
  /** Whether what is shown is still on its way. */
  waiting = $state(false);
  failure = $state("");
  /** Whether a picture of the video has been there at all. */
  pictured = $state(false);

  frameRate = USUAL_FRAME_RATE;
  private pool: VideoPool | null = null;
  private clip: ClipView | null = null;
  private frame = 0;
  private reverse = 0;
  private shownBefore = false;
  private bounded = true;
  private begun: Promise<void> = Promise.resolve();
  private opened = () => {};
  /** Resolves when the first clip of all is shown, or has kept everything else waiting for long enough. */
  readonly firstFrame = new Promise<void>((resolve) => (this.opened = resolve));
  private upcoming: readonly ClipView[] = [];

  /** Put the elements into the page; the returned function takes them out again. */
  attach(stage: HTMLElement, onError: () => void): () => void {
    const pool = new VideoPool(stage);
    this.pool = pool;
    for (const { video } of pool.slots) this.listen(video, onError);
    const turn = () => {
      this.follow();
      this.frame = requestAnimationFrame(turn);
    };
    this.frame = requestAnimationFrame(turn);
    return () => {
      cancelAnimationFrame(this.frame);
      clearInterval(this.reverse);
      pool.dispose();
      this.pool = null;
    };
  }

  /** `offset`: the media time of the video's first frame, in seconds. */
  load(url: string, offset: number): void {
    this.failure = "";
    if (!this.pool) return;
    this.pool.offset = offset;
    this.pool.load(url);
  }

  /** Show a clip from its beginning. */
  show(clip: ClipView, play: boolean): void {
    const pool = this.pool;
    if (!pool) return;
    this.stopReverse();
    this.clip = clip;
    this.bounded = true;
    const { video } = pool.show(clip);
    if (Math.abs(this.timeOf(video) - clip.start) > EDGE_SEC) this.goTo(clip.start);
    this.time = clip.start;
    video.playbackRate = this.rate;
    video.muted = this.muted || this.silenced;
    if (play) void this.start(video);
    else video.pause();
    this.begun = pool.nextFrame(this.shownBefore ? PREPARE_MS : FIRST_FRAME_MS);
    if (!this.shownBefore) void this.begun.then(this.opened);
    this.shownBefore = true;
  }

  /** Take over other edges of the clip that is shown. */
  update(clip: ClipView): void {
    if (this.clip?.id === clip.id) this.clip = clip;
    this.pool?.forget(clip.id);
  }

  /** Load the pictures of the clips that come next, once the one that is shown has begun. */
  async prepare(clips: readonly ClipView[]): Promise<void> {
    this.upcoming = clips;
    await this.begun;
    if (this.upcoming === clips) this.pool?.prepare(clips);
  }

  toggle(): void {
    if (this.playing || this.reverse) this.pause();
    else this.play();
  }

  play(): void {
    const { video, clip } = this;
    if (!video) return;
    this.stopReverse();
    if (clip) {
      const time = this.timeOf(video);
      this.bounded = time < clip.end && time >= clip.start - EDGE_SEC;
      // Where a person has gone past the clip, what follows it is played.
      if (video.ended || (this.bounded && this.atEnd(video, clip))) {
        this.goTo(clip.start);
        this.bounded = true;
      }
    }
    void this.start(video);
  }

  pause(): void {
    this.stopReverse();
    this.video?.pause();
  }

  /** Play forward; each call more is faster. */
  forward(): void {
    this.setRate(this.playing ? Math.min(FASTEST, this.rate * 2) : 1);
    this.play();
  }

  /** Play backward, a picture at a time: no browser does it by itself. */
  backward(): void {
    this.video?.pause();
    this.stopReverse();
    this.reverse = window.setInterval(() => this.seek(this.time - 0.2), 200);
  }

  seek(time: number): void {
    const { video } = this;
    if (!video) return;
    const end = video.duration - (this.pool?.offset ?? 0);
    const at = Math.min(Math.max(0, time), Number.isFinite(end) ? end : time);
    this.goTo(at);
    this.time = at;
    if (this.clip) this.bounded = at >= this.clip.start - EDGE_SEC && at < this.clip.end;
  }

  /** Go some frames forward (or back, below 0). */
  stepFrames(count: number): void {
    this.pause();
    // To the middle of the frame: its first instant may still show the one before.
    this.seek(this.frameTime + (count + 0.5) / this.frameRate);
  }

  /** Play the last two seconds of the clip. */
  playEnd(): void {
    if (!this.clip) return;
    this.seek(Math.max(this.clip.start, this.clip.end - TAIL_SEC));
    this.play();
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.video) this.video.playbackRate = rate;
  }

  /** The next of the usual speeds. */
  cycleRate(direction: 1 | -1): void {
    const place = RATES.findIndex((rate) => rate >= this.rate);
    this.setRate(RATES[Math.min(Math.max(0, place + direction), RATES.length - 1)] ?? 1);
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    this.silenced = false;
    if (this.video) this.video.muted = muted;
  }

  /** A person has touched the page: sound is allowed now. */
  unsilence(): void {
    if (this.silenced) this.setMuted(this.muted);
  }

  /** When the frame at the playhead begins, in seconds: as the browser tells it, else by the frame rate. */
  get frameTime(): number {
    const shown = this.pool?.shown;
    const frame = shown?.frame == null ? null : shown.frame - (this.pool?.offset ?? 0);
    if (frame !== null && Math.abs(this.time - frame) < NEAR_SEC) return Math.max(0, frame);
    return Math.floor(this.time * this.frameRate + 1e-3) / this.frameRate;
  }

  private get video(): HTMLVideoElement | null {
    return this.pool?.shown.video ?? null;
  }

  private listen(video: HTMLVideoElement, onError: () => void): void {
    const ifShown = (action: () => void) => () => {
      if (this.video === video) action();
    };
    video.addEventListener(
      "play",
      ifShown(() => (this.playing = true)),
    );
    video.addEventListener(
      "pause",
      ifShown(() => (this.playing = false)),
    );
    video.addEventListener(
      "waiting",
      ifShown(() => (this.waiting = true)),
    );
    video.addEventListener(
      "seeking",
      ifShown(() => (this.waiting = true)),
    );
    for (const name of ["seeked", "playing", "canplay"])
      video.addEventListener(
        name,
        ifShown(() => (this.waiting = false)),
      );
    // Not `loadeddata`: that may still be the beginning of the video.
    video.addEventListener("seeked", () => (this.pictured = true), { once: true });
    video.addEventListener("error", ifShown(onError));
  }

  private async start(video: HTMLVideoElement): Promise<void> {
    try {
      await video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError" || video.muted) return;
      this.silenced = true;
      video.muted = true;
      await video.play().catch(() => undefined);
    }
  }

  /** Once a frame: note the time, and stop at the end of the clip. */
  private follow(): void {
    const { video, clip } = this;
    if (!video || video.seeking) return;
    this.time = this.timeOf(video);
    this.playing = !video.paused;
    if (video.paused || !clip || !this.bounded || !this.atEnd(video, clip)) return;
    if (this.looping) {
      this.goTo(clip.start);
    } else {
      video.pause();
      this.goTo(Math.max(clip.start, clip.end - 0.5 / this.frameRate));
    }
  }

  private atEnd(video: HTMLVideoElement, clip: ClipView): boolean {
    return this.timeOf(video) >= clip.end - 0.75 / this.frameRate || video.ended;
  }

  /** Where an element is, counted from the video's first frame. */
  private timeOf(video: HTMLVideoElement): number {
    return Math.max(0, video.currentTime - (this.pool?.offset ?? 0));
  }

  private goTo(time: number): void {
    if (this.pool) this.pool.seek(this.pool.shown, time);
  }

  private stopReverse(): void {
    clearInterval(this.reverse);
    this.reverse = 0;
  }
}
