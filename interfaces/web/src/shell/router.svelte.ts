/** Where the page is. Addresses lie behind `#`, so that they work under any path a proxy gives the page. */
export type Place = { page: "projects" } | { page: "review"; project: string };

function placeOf(hash: string): Place {
  const [, page, project] = hash.replace(/^#/, "").split("/");
  return page === "projects" && project ? { page: "review", project } : { page: "projects" };
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
};
