import type { Colors } from "../../shell/colors";
import { clock } from "../../shell/format";
import { marks, type View, xOf } from "./scale";

export const AXIS_HEIGHT = 18;

/** What every timeline is drawn with. */
export interface Scene {
  readonly view: View;
  readonly width: number;
  readonly height: number;
  readonly colors: Colors;
}

/** Draw marks and times along the lower edge. */
export function drawAxis(context: CanvasRenderingContext2D, { view, width, height, colors }: Scene): void {
  const { step, times } = marks(view, width);
  context.fillStyle = colors.muted;
  context.font = "11.5px system-ui, sans-serif";
  context.textBaseline = "bottom";
  for (const time of times) {
    const x = xOf(time, view, width);
    if (x > width - 30) continue;
    context.fillRect(Math.round(x), height - AXIS_HEIGHT, 1, 5);
    context.fillText(clock(time, step < 1 ? 1 : 0), x + 4, height - 1);
  }
}
