export type Theme = "auto" | "light" | "dark";
const KEY = "autoclip.theme";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** Light or dark. `auto` follows the system, and is dark while video is reviewed: a bright page makes pictures look dim. */
class ThemeChoice {
  chosen = $state<Theme>(THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "auto");
  reviewing = $state(false);

  get shown(): Theme {
    return this.chosen === "auto" && this.reviewing ? "dark" : this.chosen;
  }

  next(): void {
    this.chosen = THEMES[(THEMES.indexOf(this.chosen) + 1) % THEMES.length] ?? "auto";
    localStorage.setItem(KEY, this.chosen);
  }
}

export const theme = new ThemeChoice();
