const WIDTH = 160;
const KEPT = 400;
const SEEK_LIMIT_MS = 4_000;
/** So often a picture is tried for that did not come: the line may be slow, or the place damaged. */
const TRIES = 3;
/** Pictures wait for so long: while a person scrolls, or goes on to the next clip, the player comes first. */
const CALM_MS = 120;

/** Small pictures of the video at any instant, taken by the browser from the file it plays. */
export class Frames {
  /** Grows with every picture that has come. */
  version = $state(0);
  private readonly pictures = new Map<number, ImageBitmap>();
  private readonly video = document.createElement("video");
  private wanted: number[] = [];
  private urgent: number | null = null;
  private readonly failures = new Map<number, number>();
  private timer = 0;
  private working = false;
  private closed = false;

  /** `offset`: the media time of the video's first frame, in seconds. */
  constructor(private readonly offset: () => number) {
    this.video.muted = true;
    this.video.preload = "auto";
  }

  load(url: string): void {
    this.video.src = url;
    void this.work();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.video.removeAttribute("src");
    this.video.load();
    for (const picture of this.pictures.values()) picture.close();
    this.pictures.clear();
  }

  /** Ask for pictures instead of those asked for before. */
  want(times: readonly number[]): void {
    this.wanted = times.map(keyOf).filter((key) => !this.pictures.has(key));
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.work(), CALM_MS);
  }

  /** Ask for one picture ahead of all others, such as that under the pointer. */
  wantFirst(time: number): void {
    const key = keyOf(time);
    this.urgent = this.pictures.has(key) ? null : key;
    if (this.urgent !== null) void this.work();
  }

  at(time: number): ImageBitmap | null {
    return this.pictures.get(keyOf(time)) ?? null;
  }

  private async work(): Promise<void> {
    if (this.working || !this.video.src) return;
    this.working = true;
    for (let key = this.next(); key !== undefined && !this.closed; key = this.next()) {
      if (this.pictures.has(key)) continue;
      if (this.video.error) this.video.load(); // The line broke off: it may be there again.
      if (!(await this.taken(key))) this.tryLater(key);
    }
    this.working = false;
  }

  private async taken(key: number): Promise<boolean> {
    try {
      if (!(await this.seek(key / 1000))) return false;
      await this.take(key);
      return true;
    } catch {
      return false; // The browser had no picture yet, or no longer.
    }
  }

  private tryLater(key: number): void {
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    if (failures < TRIES) this.wanted.push(key);
  }

  private next(): number | undefined {
    const { urgent } = this;
    this.urgent = null;
    return urgent ?? this.wanted.shift();
  }

  private seek(time: number): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (found: boolean) => {
        clearTimeout(timer);
        this.video.removeEventListener("seeked", done);
        resolve(found);
      };
      const timer = setTimeout(() => finish(false), SEEK_LIMIT_MS);
      // While it still seeks, the event tells of the place before this one.
      const done = () => this.video.seeking || finish(this.video.videoWidth > 0);
      this.video.addEventListener("seeked", done);
      this.video.currentTime = time + this.offset();
    });
  }

  private async take(key: number): Promise<void> {
    const height = Math.round((WIDTH * this.video.videoHeight) / this.video.videoWidth);
    const options: ImageBitmapOptions = { resizeWidth: WIDTH, resizeHeight: height, resizeQuality: "low" };
    const picture = await createImageBitmap(this.video, options);
    if (this.closed) {
      picture.close();
      return;
    }
    this.pictures.set(key, picture);
    const oldest = this.pictures.keys().next().value;
    if (this.pictures.size > KEPT && oldest !== undefined) {
      this.pictures.get(oldest)?.close();
      this.pictures.delete(oldest);
    }
    this.version += 1;
  }
}

/** Milliseconds: pictures are told apart no finer. */
function keyOf(time: number): number {
  return Math.round(time * 1000);
}
