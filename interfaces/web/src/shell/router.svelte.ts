/** Where the page is. Addresses lie behind `#`, so that they work under any path a proxy gives the page. */
export type Place = { page: "projects" } | { page: "review"; project: string; at: number | null };

function placeOf(hash: string): Place {
  const [, page, project, what, time] = hash.replace(/^#/, "").split("/");
  const at = what === "at" && Number.isFinite(Number(time)) ? Number(time) : null;
  return page === "projects" && project ? { page: "review", project, at } : { page: "projects" };
}

class Router {
  place = $state<Place>(placeOf(location.hash));

  constructor() {
    addEventListener("hashchange", () => {
      this.place = placeOf(location.hash);
    });
  }
}

export const router = new Router();
export const linkTo = {
  projects: "#/projects",
  review: (project: string) => `#/projects/${project}`,
  moment: (project: string, at: number) => `#/projects/${project}/at/${at.toFixed(2)}`,
};
