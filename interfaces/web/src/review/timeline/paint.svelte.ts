import type { Attachment } from "svelte/attachments";
import { fitted } from "../../shell/canvas";
import { type Colors, currentColors } from "../../shell/colors";
import { theme } from "../../shell/theme.svelte";

export type Paint = (context: CanvasRenderingContext2D, colors: Colors) => void;

/**
 * Paints a canvas again when something that `scene` reads has changed, once a frame at most. `scene` gathers what is to
 * be drawn, and returns what draws it.
 */
export function painted(
  size: () => { width: number; height: number },
  scene: () => Paint,
): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    let frame = 0;
    let latest: () => void = () => {};
    $effect(() => {
      void theme.shown;
      const { width, height } = size();
      const paint = scene();
      latest = () => {
        const context = fitted(canvas, width, height);
        if (context) paint(context, currentColors());
      };
      // One that waits already paints the latest scene: calling it off for a new one could go on for ever.
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        latest();
      });
    });
    return () => cancelAnimationFrame(frame);
  };
}
