import type { DroppedView } from "../../api/schema";
import { t } from "../../messages/index.svelte";
import { clock, percent } from "../../shell/format";

/** Why a candidate became no clip, in the reader's language. */
export function whyDropped({ stage, reason, value, rival_start }: DroppedView): string {
  const better = rival_start === null ? "" : clock(rival_start);
  return t.overview.dropped(t.overview.filters[stage]?.(percent(value), better) ?? reason);
}
