/** A phrase of the server's English, and what the page says instead. */
export type Phrase = readonly [english: RegExp, own: string];

/** Put a text of the server into the language of some phrases; what is quoted, and what they don't know, stays. */
export function inPhrases(text: string, phrases: readonly Phrase[]): string {
  const parts = text.split(/(“[^”]*”)/);
  const said = (part: string) => phrases.reduce((so, [english, own]) => so.replace(english, own), part);
  return parts.map((part, index) => (index % 2 === 1 ? part : said(part))).join("");
}
