const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;

/** Every text of the page. Other languages follow this shape; see german.ts. */
export const english = {
  signIn: {
    title: "Sign in",
    hint: "This server asks for the token in its AUTOCLIP_API_TOKEN.",
    token: "Token",
    stay: "Stay signed in on this device",
    submit: "Sign in",
    wrong: "That is not the token. Copy it again from where the server was set up.",
  },
  shell: {
    language: "Language",
    theme: { auto: "Colors: automatic", light: "Colors: light", dark: "Colors: dark" },
    close: "Close",
    cancel: "Cancel",
    undo: "Undo",
    retry: "Try again",
    loading: "Loading …",
    signOut: "Sign out",
  },
  jobs: {
    cancel: "Stop this job",
    remaining: (time: string) => `about ${time} left`,
    types: {
      download: "Download",
      analyze: "Analysis",
      export: "Export",
      "export-batch": "Export",
      proxy: "Browser copy",
      "process-video": "Processing",
      "process-folder": "Folder",
      maintenance: "Maintenance",
    },
  },
  projects: {
    title: "Projects",
    search: "Search projects",
    none: "No projects yet",
    noneHint: "Drop videos anywhere on this page, or add them with a path or an address.",
    noMatch: (text: string) => `No project is called “${text}”`,
    clips: (number: number) => count(number, "clip", "clips"),
    decided: (kept: number, rejected: number) => `${kept} kept, ${rejected} rejected`,
    states: { created: "no video yet", ready: "not analyzed", analyzed: "analyzed", failed: "failed" },
    analyze: "Analyze",
    download: "Download",
    review: "Review",
    remove: "Delete project",
    removed: (name: string) => `“${name}” will be deleted`,
    total: (projects: number, size: string) => `${count(projects, "project", "projects")}, ${size} of video`,
    more: "Show more",
  },
};

export type Messages = typeof english;
