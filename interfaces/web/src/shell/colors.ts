const TOKENS = [
  "ink", "muted", "line", "surface", "sunken", "page", "accent", "on-accent", "accent-soft", "keep", "on-keep", "reject",
  "excitement", "loudness", "motion", "replayed", "chat", "black", "freeze", "fade", "dissolve", "warning",
] as const; // prettier-ignore

export type Colors = Record<(typeof TOKENS)[number], string>;

/** The colors of the style sheet as a canvas takes them, in the light or dark of an element. */
export function colorsOf(element: HTMLElement): Colors {
  const probe = document.createElement("span");
  element.append(probe);
  const style = getComputedStyle(probe);
  const colors = Object.fromEntries(
    TOKENS.map((token) => {
      probe.style.color = `var(--${token})`;
      return [token, style.color];
    }),
  );
  probe.remove();
  return colors as Colors;
}
