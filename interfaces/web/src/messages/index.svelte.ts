import { german } from "./german";
import { english, type Messages } from "./english";
import { inPhrases } from "./phrases";

const dictionaries = { en: english, de: german } satisfies Record<string, Messages>;
export type Language = keyof typeof dictionaries;
export const languages: Record<Language, string> = { en: "English", de: "Deutsch" };
const KEY = "autoclip.language";

function isLanguage(name: string | null | undefined): name is Language {
  return name !== null && name !== undefined && name in dictionaries;
}

function preferred(): Language {
  const chosen = localStorage.getItem(KEY);
  if (isLanguage(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(isLanguage) ?? "en";
}

class Translation {
  language = $state<Language>(preferred());

  get messages(): Messages {
    return dictionaries[this.language];
  }

  choose(language: Language): void {
    localStorage.setItem(KEY, language);
    this.language = language;
    document.documentElement.lang = language;
  }
}

export const translation = new Translation();
document.documentElement.lang = translation.language;

/** The texts of the page in the language that is chosen; reading one in a component follows a change of language. */
export const t: Messages = new Proxy(english, {
  get: (_, key: string) => translation.messages[key as keyof Messages],
});

/** What the server says in English, in the language of the page. */
export const inOwnWords = (text: string, kind: keyof Messages["phrases"]): string => inPhrases(text, t.phrases[kind]);
