import { expect, test } from "vitest";
import { Refusal, Unreachable } from "../../api/failures";
import type { ClipView } from "../../api/schema";
import { ClipStore } from "./clip-store.svelte";
import { type Entry, Outbox, type Sender } from "./outbox.svelte";

function clip(id: string, fields: Partial<ClipView> = {}): ClipView {
  const base = { id, name: id, start: 0, end: 10, verdict: "undecided", revision: 1 } as Partial<ClipView>;
  return { ...base, ...fields } as ClipView;
}

/** A server that keeps clips the way the API does: a change names the revision it starts from. */
class Server implements Sender {
  clips = new Map<string, ClipView>();
  reachable = true;
  log: string[] = [];

  constructor(...clips: ClipView[]) {
    for (const one of clips) this.clips.set(one.id, one);
  }

  async position(): Promise<number> {
    if (!this.reachable) throw new Unreachable("away");
    return this.log.length;
  }

  async send(entry: Entry, again: boolean): Promise<ClipView[]> {
    await Promise.resolve();
    if (!this.reachable) throw new Unreachable("away");
    if (entry.action?.kind === "undo") return [this.change("a", { verdict: "undecided" })];
    if (entry.action) return this.merge(entry, again);
    for (const { clip: id, revision } of entry.changes) {
      if (!this.clips.has(id)) throw new Refusal(404, "not-found", id);
      if (this.clips.get(id)?.revision !== revision) throw new Refusal(412, "changed-meanwhile", id);
    }
    return entry.changes.map(({ clip: id, after }) => this.change(id, after));
  }

  async read(id: string): Promise<ClipView | null> {
    return this.clips.get(id) ?? null;
  }

  /** Merge a clip with its neighbor, unless that was done already; the answer of the first time is lost. */
  private merge({ changes, since }: Entry, again: boolean): ClipView[] {
    if (!again) {
      this.clips.delete(changes[0]?.clip ?? "");
      this.clips.set("merged", clip("merged"));
      this.log.push("merge");
      throw new Unreachable("the line broke");
    }
    expect(this.log.slice(since)).toEqual(["merge"]);
    return [this.clips.get("merged") as ClipView];
  }

  change(id: string, fields: Partial<ClipView>): ClipView {
    const before = this.clips.get(id) as ClipView;
    const after = { ...before, ...fields, revision: before.revision + 1 };
    this.clips.set(id, after);
    this.log.push(`${id} ${JSON.stringify(fields)}`);
    return after;
  }
}

class Memory {
  values = new Map<string, string>();
  getItem = (key: string) => this.values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.values.set(key, value);
  removeItem = (key: string) => void this.values.delete(key);
}

function review(server: Server, memory = new Memory(), refused: (reason: string) => void = () => {}) {
  const store = new ClipStore();
  store.replace([...server.clips.values()]);
  const outbox = new Outbox("box", memory, server, (clips) => store.confirm(clips), refused);
  const decide = (id: string, verdict: ClipView["verdict"]) => {
    outbox.add([{ clip: id, revision: store.revision(id), after: { verdict }, before: { verdict: "undecided" } }]);
    store.overlay(outbox.entries);
  };
  return { store, outbox, decide, memory };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(condition()).toBe(true);
}

test("changes arrive in order, several of one clip each on top of the other", async () => {
  const server = new Server(clip("a"), clip("b"));
  const { outbox, decide } = review(server);
  decide("a", "kept");
  decide("a", "rejected");
  decide("b", "kept");
  decide("a", "undecided");
  await outbox.drained();
  expect(server.log.map((line) => line[0])).toEqual(["a", "a", "b", "a"]);
  expect(server.clips.get("a")).toMatchObject({ verdict: "undecided", revision: 4 });
  expect(outbox.state).toBe("saved");
});

test("what was decided while the server was away is shown at once, survives a reload, and is sent when it is back", async () => {
  const server = new Server(clip("a"));
  server.reachable = false;
  const first = review(server);
  first.decide("a", "kept");
  expect(first.store.clips[0]?.verdict).toBe("kept");
  await until(() => first.outbox.state === "offline");
  expect(first.memory.values.size).toBe(1);

  const second = review(server, first.memory);
  expect(second.outbox.entries).toHaveLength(1);
  server.reachable = true;
  second.outbox.start();
  await second.outbox.drained();
  expect(server.clips.get("a")?.verdict).toBe("kept");
  expect(first.memory.values.size).toBe(0);
});

test("an action survives a reload, is not done again if only its answer is lost, and later changes follow the clip", async () => {
  const server = new Server(clip("a"));
  server.reachable = false;
  const first = review(server);
  first.outbox.add([{ clip: "a", revision: 1, after: {}, before: {} }], { kind: "merge", neighbor: "next" });
  first.decide("a", "kept");
  await until(() => first.outbox.state === "offline");

  const second = review(server, first.memory);
  server.reachable = true;
  second.outbox.start();
  await until(() => server.log.length === 1);
  second.outbox.retry();
  await second.outbox.drained();
  expect(server.log).toEqual(["merge", 'merged {"verdict":"kept"}']);
  expect(second.outbox.conflict).toBeNull();
});

test("a change that arrived although its answer did not is not taken for a conflict", async () => {
  const server = new Server(clip("a"));
  const { outbox, decide } = review(server);
  server.change("a", { verdict: "kept" });
  decide("a", "kept");
  await outbox.drained();
  expect(outbox.conflict).toBeNull();
  expect(server.clips.get("a")?.revision).toBe(2);
});

test("a change whose answer is lost is followed by the next ones of its clip", async () => {
  const server = new Server(clip("a"));
  const { outbox, decide } = review(server);
  const send = server.send.bind(server);
  let lost = false;
  server.send = async (entry, again) => {
    const clips = await send(entry, again);
    if (lost) return clips;
    lost = true;
    throw new Unreachable("the line broke");
  };
  decide("a", "kept");
  decide("a", "rejected");
  decide("a", "kept");
  await until(() => outbox.state === "offline");
  outbox.retry();
  await until(() => outbox.entries.length === 0 || outbox.conflict !== null);
  expect(outbox.conflict).toBeNull();
  expect(server.clips.get("a")).toMatchObject({ verdict: "kept", revision: 4 });
});

test("a conflict that was settled for us is not asked about again for the next change of the clip", async () => {
  const server = new Server(clip("a"));
  const { outbox, decide } = review(server);
  server.change("a", { verdict: "rejected" });
  decide("a", "kept");
  decide("a", "undecided");
  await until(() => outbox.conflict !== null);
  outbox.settle("mine");
  await until(() => outbox.conflict === null);
  await until(() => outbox.entries.length === 0 || outbox.conflict !== null);
  expect(server.clips.get("a")).toMatchObject({ verdict: "undecided", revision: 4 });
});

test.each([
  ["mine", "kept"],
  ["theirs", "rejected"],
] as const)("a conflict shows both versions; %s wins as chosen", async (choice, verdict) => {
  const server = new Server(clip("a"), clip("b"));
  const { outbox, decide, store } = review(server);
  server.change("a", { verdict: "rejected" });
  decide("a", "kept");
  decide("b", "kept");
  await until(() => outbox.conflict !== null);
  expect(outbox.conflict?.theirs?.verdict).toBe("rejected");
  outbox.settle(choice);
  await outbox.drained();
  expect(server.clips.get("a")?.verdict).toBe(verdict);
  expect(server.clips.get("b")?.verdict).toBe("kept");
  store.overlay(outbox.entries);
  expect(store.clips.find(({ id }) => id === "a")?.verdict).toBe(verdict);
});

test("what was not sent yet can be taken back", async () => {
  const server = new Server(clip("a"), clip("b"));
  server.reachable = false;
  const { outbox, decide } = review(server);
  decide("a", "kept");
  decide("b", "kept");
  await until(() => outbox.state === "offline");
  expect(outbox.takeBack()?.changes[0]?.clip).toBe("b");
  server.reachable = true;
  outbox.retry();
  await outbox.drained();
  expect(server.log).toHaveLength(1);
});

test("an undo waits for the server, is not taken back itself, and later changes begin from what it has left", async () => {
  const server = new Server(clip("a", { verdict: "kept", revision: 2 }));
  server.reachable = false;
  const { outbox, decide } = review(server);
  outbox.add([], { kind: "undo" });
  decide("a", "rejected");
  await until(() => outbox.state === "offline");
  expect(outbox.takeBack()?.changes[0]?.clip).toBe("a");
  expect(outbox.takeBack()).toBeNull();
  decide("a", "kept");
  server.reachable = true;
  outbox.retry();
  await outbox.drained();
  expect(server.log).toEqual(['a {"verdict":"undecided"}', 'a {"verdict":"kept"}']);
  expect(outbox.conflict).toBeNull();
});

test("a change that the server refuses is taken back with its reason, and the next ones are sent", async () => {
  const server = new Server(clip("a"), clip("b"));
  const reasons: string[] = [];
  const { outbox, decide } = review(server, new Memory(), (reason) => reasons.push(reason));
  const { send } = server;
  server.send = async (entry) => {
    server.send = send;
    throw new Refusal(422, "not-usable", `clip ${entry.changes[0]?.clip} ends after its video`);
  };
  decide("a", "kept");
  decide("b", "kept");
  await outbox.drained();
  expect(reasons).toEqual(["clip a ends after its video"]);
  expect([...server.clips.values()].map(({ verdict }) => verdict)).toEqual(["undecided", "kept"]);
});

const undo = { kind: "undo" } as const;
const redo = { kind: "redo" } as const;
test.each([
  ["a change and its undo", "b", [undo], []],
  ["a change, its undo and its redo", "b", [undo, redo], []],
  ["a change; the second undo is about what came before", "b", [undo, undo], ["undo"]],
  ["a change; the first undo is about the next one", "b", ["c", undo, undo], ["c", "undo"]],
  ["an undo, and the next one, but not that of a later change", undo, [undo, "c", undo, undo], ["c", "undo"]],
] as const)("the server refuses %s", async (_, refused, queued, arrive) => {
  const server = new Server(clip("a"), clip("b"), clip("c"));
  const { outbox, decide } = review(server);
  const arrived: string[] = [];
  const one = (what: string | typeof undo | typeof redo) =>
    typeof what === "string" ? decide(what, "kept") : outbox.add([], what);
  let first = true;
  server.send = async ({ action, changes }) => {
    if (!first) arrived.push(action?.kind ?? changes[0]?.clip ?? "");
    else first = false;
    if (arrived.length === 0) throw new Refusal(422, "not-usable", "no");
    return [];
  };
  one(refused);
  queued.forEach(one);
  await outbox.drained();
  expect(arrived).toEqual(arrive);
});

test.each([
  [401, "wrong-token"],
  [429, "too-many-requests"],
  [500, "storage-failed"],
  [507, "storage-failed"],
])("a change that the server cannot take now (%s) is kept and sent later", async (status, code) => {
  const server = new Server(clip("a"));
  const reasons: string[] = [];
  const { outbox, decide, memory } = review(server, new Memory(), (reason) => reasons.push(reason));
  const { send } = server;
  server.send = async () => {
    throw new Refusal(status, code, "later");
  };
  decide("a", "kept");
  await until(() => outbox.state === "offline");
  expect(memory.values.size).toBe(1);
  server.send = send;
  outbox.retry();
  await outbox.drained();
  expect(reasons).toEqual([]);
  expect(server.clips.get("a")?.verdict).toBe("kept");
});

test("a clip that cannot be compared is taken back with the reason, and the next change is sent", async () => {
  const server = new Server(clip("a"), clip("b"));
  const reasons: string[] = [];
  const { outbox, decide } = review(server, new Memory(), (reason) => reasons.push(reason));
  server.change("a", { verdict: "rejected" });
  server.read = async () => {
    throw new Refusal(422, "not-usable", "no such version");
  };
  decide("a", "kept");
  decide("b", "kept");
  await outbox.drained();
  expect(reasons).toEqual(["no such version"]);
  expect(server.clips.get("b")?.verdict).toBe("kept");
});

test("two tabs that are offline keep what both have to send, and neither sends it twice", async () => {
  const server = new Server(clip("a"), clip("b"), clip("c"));
  const memory = new Memory();
  server.reachable = false;
  const one = review(server, memory);
  one.decide("a", "kept");
  const other = review(server, memory);
  other.decide("b", "rejected");
  one.decide("a", "rejected");
  await until(() => one.outbox.state === "offline");
  const kept = review(server, memory).outbox.entries.map(({ changes }) => changes[0]?.clip);
  expect(kept.sort()).toEqual(["a", "a", "b"]);
  server.reachable = true;
  one.outbox.retry();
  await one.outbox.drained();
  other.outbox.start();
  other.outbox.retry();
  await other.outbox.drained();
  expect(other.outbox.conflict).toBe(null);
  expect(server.log).toHaveLength(3);
  expect([...server.clips.values()].map(({ verdict }) => verdict)).toEqual(["rejected", "rejected", "undecided"]);
  expect(memory.values.size).toBe(0);
});
