const FAR_PX = 80;
const SLANT = 0.6;

/** Decide by thumb: a finger drawn to one side over an element; a mouse does nothing. */
export function swipes(on: { left: () => void; right: () => void }): (element: HTMLElement) => () => void {
  return (element) => {
    let from: { x: number; y: number } | null = null;
    const begin = (event: PointerEvent) => {
      from = event.pointerType === "touch" && event.isPrimary ? { x: event.clientX, y: event.clientY } : null;
    };
    const move = (event: PointerEvent) => {
      if (!from || event.pointerType !== "touch") return;
      const across = event.clientX - from.x;
      element.style.translate = `${across / 3}px`;
    };
    const end = (event: PointerEvent) => {
      element.style.translate = "";
      if (!from) return;
      const [across, down] = [event.clientX - from.x, event.clientY - from.y];
      from = null;
      if (event.type !== "pointerup" || Math.abs(across) < FAR_PX || Math.abs(down) > SLANT * Math.abs(across)) return;
      if (across < 0) on.left();
      else on.right();
    };
    element.style.touchAction = "pan-y";
    element.addEventListener("pointerdown", begin);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end);
    element.addEventListener("pointercancel", end);
    return () => {
      element.removeEventListener("pointerdown", begin);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", end);
      element.removeEventListener("pointercancel", end);
    };
  };
}
