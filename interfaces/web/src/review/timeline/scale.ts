/** A part of the video that a timeline shows, in seconds. */
export interface View {
  readonly start: number;
  readonly length: number;
}

/** Shortest part that a timeline shows: half a second is a dozen frames. */
export const SHORTEST_SEC = 0.5;

export const xOf = (time: number, view: View, width: number): number => ((time - view.start) / view.length) * width;
export const timeAt = (x: number, view: View, width: number): number => view.start + (x / width) * view.length;

/** The view moved and shortened so that it lies within the video. */
export function within(view: View, duration: number): View {
  const length = Math.min(Math.max(view.length, Math.min(SHORTEST_SEC, duration)), duration);
  return { start: Math.min(Math.max(view.start, 0), duration - length), length };
}

/** Zoom by a factor (below 1: closer); the instant `center` stays where it is. */
export function zoomed(view: View, factor: number, center: number, duration: number): View {
  const length = Math.min(Math.max(view.length * factor, SHORTEST_SEC), duration);
  const share = (center - view.start) / view.length;
  return within({ start: center - share * length, length }, duration);
}

/** The view moved just so far that an instant lies in it, with a margin of a tenth. */
export function including(view: View, time: number, duration: number): View {
  const margin = view.length / 10;
  if (time >= view.start + margin && time <= view.start + view.length - margin) return view;
  return within({ start: time - view.length / 2, length: view.length }, duration);
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

/** Instants for the marks of an axis, at least `apart` pixels from each other. */
export function marks(view: View, width: number, apart = 84): { step: number; times: number[] } {
  const step = STEPS.find((candidate) => (candidate / view.length) * width >= apart) ?? 28_800;
  const times: number[] = [];
  for (let mark = Math.ceil(view.start / step); mark * step <= view.start + view.length; mark += 1)
    times.push(mark * step);
  return { step, times };
}
