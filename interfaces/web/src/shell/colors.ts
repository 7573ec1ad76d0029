const TOKENS = [
  "ink", "muted", "line", "surface", "sunken", "page", "accent", "on-accent", "accent-soft", "keep", "on-keep", "reject",
  "excitement", "loudness", "motion", "replayed", "chat", "speech", "black", "freeze", "fade", "dissolve", "warning",
] as const; // prettier-ignore

export type Colors = Record<(typeof TOKENS)[number], string>;

const known = new Map<string, Colors>();

/** The colors of the style sheet as a canvas takes them, in the light or dark of the page. */
export function currentColors(): Colors {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const scheme = `${document.documentElement.dataset["theme"]}-${dark}`;
  const colors = known.get(scheme) ?? readColors();
  known.set(scheme, colors);
  return colors;
}

function readColors(): Colors {
  const probe = document.createElement("span");
  document.body.append(probe);
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
