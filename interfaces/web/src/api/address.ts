/** Folder the page was loaded from, such as `https://host/tools/autoclip/`: everything else lies below it. */
export const pageFolder = new URL(".", document.baseURI);

/** Address of a path the API names, such as `/api/jobs/1`, wherever a proxy has put the page. */
export function addressOf(path: string): string {
  return new URL(path.replace(/^\/+/, ""), pageFolder).href;
}
