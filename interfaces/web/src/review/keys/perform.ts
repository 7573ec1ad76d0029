import { nextBoundary } from "../data/boundaries";
import type { Review } from "../data/review.svelte";
import { whyDropped } from "../overview/dropped";
import { droppedBeside } from "../overview/pointing";
import type { Player } from "../player/player.svelte";
import type { ActionName } from "./actions";
import type { Panels } from "../panels.svelte";
import { preferences } from "../preferences.svelte";
import { notices } from "../../shell/notices.svelte";
import { t } from "../../messages/index.svelte";

const SEEK_SEC = 1;
const SHORTEST_SEC = 0.2;

/** What every action of the review page does. */
export function performer(review: Review, player: Player, panels: Panels): (action: ActionName) => void {
  const decide = (verdict: "kept" | "rejected" | "undecided", advance: boolean) => () => {
    review.playNext = true;
    if (!review.decide(verdict, advance) && advance) notices.say(t.review.allDecided);
  };
  const step = (direction: 1 | -1) => () => {
    review.playNext = player.playing;
    review.step(direction);
  };
  const toBoundary = (direction: 1 | -1) => () => {
    const boundary = nextBoundary(review.analysis.boundaries, player.time, direction);
    if (!boundary) return;
    player.pause();
    player.seek(boundary.time);
    notices.say(t.boundaries[boundary.kind], undefined, 900);
  };
  const toDropped = (direction: 1 | -1) => () => {
    const dropped = droppedBeside(review.analysis.selection?.dropped ?? [], player.time, direction);
    if (!dropped[0]) {
      notices.say(t.overview.noDropped);
      return;
    }
    player.pause();
    panels.seek(dropped[0].start);
    notices.say(dropped.map(whyDropped).join("; "), undefined, 2500);
  };
  const setEdge = (edge: "start" | "end") => () => {
    const clip = review.current;
    if (!clip) return;
    const time = player.frameTime;
    const fits = edge === "start" ? time <= clip.end - SHORTEST_SEC : time >= clip.start + SHORTEST_SEC;
    if (fits) review.change(clip.id, { [edge]: time });
    else notices.say(t.review.edgeBeyond);
  };
  const replay = (what: "undo" | "redo") => () => {
    review.playNext = false;
    void review[what]().then((name) => {
      if (name !== null) notices.say(t.review[what === "undo" ? "undone" : "redone"](name), undefined, 1800);
    });
  };
  const make = (start: number, end: number) => {
    const last = review.project?.duration_sec ?? Infinity;
    review.create(Math.max(0, start), Math.min(end, last), t.review.newClip);
  };
  /** The first call marks where the part begins, the second where it ends. */
  const excludePart = () => {
    const [from, to] = [panels.partFrom, player.frameTime];
    panels.partFrom = from === null ? to : null;
    if (from !== null && from !== to) review.exclude(Math.min(from, to), Math.max(from, to));
  };
  const actions: Record<ActionName, () => void> = {
    keep: decide("kept", true),
    reject: decide("rejected", true),
    undecide: decide("undecided", true),
    keepAndStay: decide("kept", false),
    rejectAndStay: decide("rejected", false),
    undecideAndStay: decide("undecided", false),
    next: step(1),
    previous: step(-1),
    play: () => player.toggle(),
    backward: () => player.backward(),
    stop: () => player.pause(),
    forward: () => player.forward(),
    back: () => player.seek(player.time - SEEK_SEC),
    ahead: () => player.seek(player.time + SEEK_SEC),
    toStart: () => review.current && player.seek(review.current.start),
    toEnd: () => review.current && player.seek(review.current.end),
    frameBack: () => player.stepFrames(-1),
    frameAhead: () => player.stepFrames(1),
    previousBoundary: toBoundary(-1),
    nextBoundary: toBoundary(1),
    previousDropped: toDropped(-1),
    nextDropped: toDropped(1),
    playEnd: () => player.playEnd(),
    loop: () => (player.looping = !player.looping),
    slower: () => player.cycleRate(-1),
    faster: () => player.cycleRate(1),
    mute: () => player.setMuted(!player.muted),
    fullscreen: () => panels.toggleFullscreen(),
    setIn: setEdge("start"),
    setOut: setEdge("end"),
    split: () => review.split(player.frameTime),
    excludePart,
    mergePrevious: () => review.merge("previous"),
    mergeNext: () => review.merge("next"),
    create: () => make(player.time - preferences.aroundSec, player.time + preferences.aroundSec),
    createBack: () => make(player.time - preferences.backSec, player.time),
    duplicate: () => review.duplicate(),
    rename: () => panels.rename(),
    remove: () => review.remove(),
    undo: replay("undo"),
    redo: replay("redo"),
    zoomIn: () => panels.zoom(0.5),
    zoomOut: () => panels.zoom(2),
    search: () => void panels.search(),
    retune: () => panels.open("retune"),
    compound: () => panels.open("compound"),
    export: () => panels.open("export"),
    help: () => panels.open("keys"),
  };
  return (action) => {
    player.unsilence();
    actions[action]();
  };
}
