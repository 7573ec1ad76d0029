import { tick } from "svelte";

export type PanelName = "keys" | "retune" | "export" | "compound" | "more";

/** Which panel is open, and what parts of the page can be asked to do from elsewhere. */
export class Panels {
  shown = $state<PanelName | null>(null);
  renaming = $state(false);
  /** Where the part begins that is to be taken out of the clip, in seconds; null: none is. */
  partFrom = $state<number | null>(null);
  /** Whether the list of clips is open on a small screen. */
  listOpen = $state(false);
  zoom: (factor: number) => void = () => {};
  seek: (time: number) => void = () => {};

  open(panel: PanelName): void {
    this.shown = panel;
  }

  close(): void {
    this.shown = null;
  }

  /** Go to the field that the list is searched with; on a small screen the list is opened for it. */
  async search(): Promise<void> {
    const field = document.querySelector<HTMLInputElement>("#clip-search");
    this.listOpen ||= field?.offsetParent === null;
    await tick();
    field?.focus();
  }

  rename(): void {
    this.renaming = true;
  }

  toggleFullscreen(): void {
    const player = document.querySelector(".player");
    const change = document.fullscreenElement ? document.exitFullscreen() : player?.requestFullscreen?.();
    change?.catch(() => undefined); // Browsers that refuse it have their own ways to fill the screen.
  }
}
