import type { Messages } from "./english";

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;

export const german: Messages = {
  signIn: {
    title: "Anmelden",
    hint: "Dieser Server verlangt das Token aus seinem AUTOCLIP_API_TOKEN.",
    token: "Token",
    stay: "Auf diesem Gerät angemeldet bleiben",
    submit: "Anmelden",
    wrong: "Das ist nicht das Token. Kopieren Sie es noch einmal von dort, wo der Server eingerichtet wurde.",
  },
  shell: {
    language: "Sprache",
    theme: { auto: "Farben: automatisch", light: "Farben: hell", dark: "Farben: dunkel" },
    close: "Schließen",
    cancel: "Abbrechen",
    undo: "Rückgängig",
    retry: "Noch einmal versuchen",
    loading: "Lädt …",
    signOut: "Abmelden",
  },
  jobs: {
    cancel: "Diesen Auftrag abbrechen",
    remaining: (time) => `noch etwa ${time}`,
    types: {
      download: "Herunterladen",
      analyze: "Analyse",
      export: "Export",
      "export-batch": "Export",
      proxy: "Kopie für Browser",
      "process-video": "Verarbeitung",
      "process-folder": "Ordner",
      maintenance: "Wartung",
    },
  },
  projects: {
    title: "Projekte",
    search: "Projekte suchen",
    none: "Noch keine Projekte",
    noneHint: "Ziehen Sie Videos auf diese Seite, oder geben Sie einen Pfad oder eine Adresse an.",
    noMatch: (text) => `Kein Projekt heißt „${text}“`,
    clips: (number) => count(number, "Clip", "Clips"),
    decided: (kept, rejected) => `${kept} behalten, ${rejected} verworfen`,
    states: { created: "noch kein Video", ready: "nicht analysiert", analyzed: "analysiert", failed: "fehlgeschlagen" },
    analyze: "Analysieren",
    download: "Herunterladen",
    review: "Sichten",
    remove: "Projekt löschen",
    removed: (name) => `„${name}“ wird gelöscht`,
    total: (projects, size) => `${count(projects, "Projekt", "Projekte")}, ${size} Video`,
    more: "Mehr zeigen",
  },
};
