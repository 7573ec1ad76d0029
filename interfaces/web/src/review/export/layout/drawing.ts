import type { Rectangle, Size } from "./rectangle";

/** Share of the height that a camera above a game gets; as in autoclip/export/video/shapes.py. */
const LEAST_CAMERA = 0.25;
const MOST_CAMERA = 0.45;
/** The background is blurred at an eighth of its size, and a little darker, as the export does it. */
const BLUR = "blur(9px) brightness(0.88)";

export interface Layout {
  readonly framing: string;
  readonly camera: Rectangle | null;
}

/** Draw a picture as an export of this size would fill its shape with it; `picture` is its size as it is shown. */
export function drawLayout(
  context: CanvasRenderingContext2D,
  video: HTMLVideoElement,
  picture: Size,
  canvas: Size,
  layout: Layout,
): void {
  const scale = video.videoWidth / picture.width;
  const draw = (from: Rectangle, to: Rectangle) =>
    context.drawImage(
      video,
      from.left * scale,
      from.top * scale,
      from.width * scale,
      from.height * scale,
      to.left,
      to.top,
      to.width,
      to.height,
    );
  const all = { left: 0, top: 0, ...canvas };
  const whole = { left: 0, top: 0, ...picture };
  const { framing, camera } = layout;
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (framing === "facecam-top" && camera) {
    const high = cameraHeight(camera, canvas);
    draw(cropOf(camera, canvas.width / high), { ...all, height: high });
    draw(cropOf(whole, canvas.width / (canvas.height - high)), { ...all, top: high, height: canvas.height - high });
  } else if (["blur", "letterbox", "facecam-top"].includes(framing)) {
    if (framing !== "letterbox") {
      context.filter = BLUR;
      draw(cropOf(whole, canvas.width / canvas.height), all);
      context.filter = "none";
    }
    draw(whole, fitted(picture, canvas));
  } else if (framing === "split") {
    // Where people are is found by the export; here the halves of the picture stand for them.
    const half = { ...canvas, height: canvas.height / 2 };
    for (const place of [0, 1]) {
      const side = { ...picture, left: (place * picture.width) / 2, top: 0, width: picture.width / 2 };
      draw(cropOf(side, half.width / half.height), { ...half, left: 0, top: place * half.height });
    }
  } else {
    draw(cropOf(whole, canvas.width / canvas.height), all);
  }
}

export function cameraHeight(camera: Rectangle, canvas: Size): number {
  const wanted = (canvas.width * camera.height) / camera.width;
  return Math.min(Math.max(wanted, LEAST_CAMERA * canvas.height), MOST_CAMERA * canvas.height);
}

/** The largest part of a rectangle with an aspect, in its middle. */
export function cropOf(of: Rectangle, aspect: number): Rectangle {
  const width = Math.min(of.width, of.height * aspect);
  const height = Math.min(of.height, of.width / aspect);
  return { left: of.left + (of.width - width) / 2, top: of.top + (of.height - height) / 2, width, height };
}

function fitted(picture: Size, canvas: Size): Rectangle {
  const share = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const [width, height] = [share * picture.width, share * picture.height];
  return { left: (canvas.width - width) / 2, top: (canvas.height - height) / 2, width, height };
}
