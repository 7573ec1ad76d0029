/** Write a number with so many decimals, as the language of the page does. */
export function decimal(number: number, digits: number): string {
  const language = globalThis.document?.documentElement.lang || "en";
  return number.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Write seconds as `1:02:03`, with as many decimals as are asked for, as the language of the page writes them. */
export function clock(seconds: number, decimals = 0): string {
  const units = Math.round(Math.max(0, seconds) * 10 ** decimals);
  const total = Math.floor(units / 10 ** decimals);
  const part = decimals ? decimal((units % 10 ** decimals) / 10 ** decimals, decimals).slice(1) : "";
  const two = (number: number) => String(number).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(total % 60)}${part}`;
}

/** Write a length as people say it: `8.4 s` below a minute, else a clock. */
export function duration(seconds: number): string {
  return seconds < 59.95 ? `${decimal(seconds, 1)} s` : clock(seconds);
}

/** Write a size in powers of 1000, as file managers do. */
export function bytes(size: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const number = size / 1000 ** power;
  return `${decimal(number, power > 1 && number < 99.95 ? 1 : 0)} ${units[power]}`;
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
