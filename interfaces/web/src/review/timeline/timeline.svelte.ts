import { including, timeAt, type View, within, xOf, zoomed } from "./scale";

const WHEEL_FACTOR = 1.25;

/** The part of a video that a timeline shows, how wide it is on the screen, and where the pointer is. */
export class Timeline {
  view = $state.raw<View>({ start: 0, length: 1 });
  width = $state(900);
  /** Where the pointer is, in pixels from the upper left corner; null while it is elsewhere. */
  pointer = $state.raw<{ readonly x: number; readonly y: number } | null>(null);
  readonly secondsPerPixel = $derived(this.view.length / this.width);

  constructor(private readonly durationOf: () => number) {}

  get duration(): number {
    return this.durationOf();
  }

  xOf(time: number): number {
    return xOf(time, this.view, this.width);
  }

  timeAt(x: number): number {
    return timeAt(x, this.view, this.width);
  }

  shows(time: number): boolean {
    return time >= this.view.start && time <= this.view.start + this.view.length;
  }

  show(view: View): void {
    this.view = within(view, this.duration);
  }

  showAll(): void {
    this.show({ start: 0, length: this.duration });
  }

  /** Move just so far that an instant is shown. */
  include(time: number): void {
    this.view = including(this.view, time, this.duration);
  }

  zoom(factor: number, center: number): void {
    const nearest = Math.min(Math.max(center, this.view.start), this.view.start + this.view.length);
    this.view = zoomed(this.view, factor, nearest, this.duration);
  }

  /** Scroll sideways, or zoom around an instant. */
  wheel(event: WheelEvent, center: number): void {
    event.preventDefault();
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    const distance = event.deltaX || event.deltaY;
    if (sideways) this.show({ ...this.view, start: this.view.start + distance * this.secondsPerPixel });
    else this.zoom(event.deltaY > 0 ? WHEEL_FACTOR : 1 / WHEEL_FACTOR, center);
  }
}
