// Figures of the prediction, its models, and what concerns everybody: the plain HTTP side.
import type { Bin } from "./chart";
import { call } from "./session";

/** A share of calls, or nothing where there were none. */
type Figure = number | null;

export interface Model {
  name: string;
  kind: string;
  state: string;
  made: number | null;
  lessons: number | null;
  top1: Figure;
  log_loss: Figure;
  ece: Figure;
}

export interface GroupFigure { group: string; value: string; n: number; top1: Figure }

export interface Outlook {
  since: number;
  until: number;
  calls: number | null;
  predicted: number | null;
  confirmed: number | null;
  model: string | null;
  top1: Figure;
  top3: Figure;
  coverage: Figure;
  log_loss: Figure;
  brier: Figure;
  ece: Figure;
  reliability: Bin[] | null;
  drift: Figure;
  drift_alarm: boolean | null;
  calibration_alarm: boolean | null;
  groups: GroupFigure[] | null;
  answers: Record<"suggested" | "used" | "wrong" | "missing", number | null> | null;
  models: Model[] | null;
  training: {
    running: boolean;
    progress: number | null;
    step: string | null;
    last: number | null;
    failed: string | null;
  } | null;
  /** Share of calls that a simple rule names right first. */
  baselines: Record<string, Figure> | null;
}

/** Something that concerns everybody for a time. */
export interface Condition {
  id: string;
  kind: string;
  since: number;
  until: number | null;
  title: string;
  product: string | null;
}

/** Questions that no answer fitted and that are alike. Codes come with how many calls they are of. */
export interface Cluster {
  size: number;
  this_week: number;
  week_before: number;
  examples: string[];
  reasons: [string, number][];
  languages: [string, number][];
}

/** The simple rule that comes closest, and its share. */
export function bestBaseline(
  baselines: Outlook["baselines"],
): { name: string; share: number } | null {
  let best: { name: string; share: number } | null = null;
  for (const [name, share] of Object.entries(baselines ?? {})) {
    if (share !== null && (best === null || share > best.share)) best = { name, share };
  }
  return best;
}

export async function outlook(hours: number): Promise<Outlook> {
  return (await call("GET", `api/v1/prediction?hours=${hours}`)).json() as Promise<Outlook>;
}

export async function promote(name: string): Promise<void> {
  await call("POST", `api/v1/prediction/models/${encodeURIComponent(name)}/promote`, {});
}

export async function rollback(kind: string): Promise<void> {
  await call("POST", `api/v1/prediction/rollback/${encodeURIComponent(kind)}`, {});
}

export async function conditions(): Promise<Condition[]> {
  const found = await (await call("GET", "api/v1/conditions")).json() as
    { conditions: Condition[] };
  return found.conditions;
}

export async function setCondition(
  id: string, d: { kind: string; title: string; product?: string },
): Promise<void> {
  await call("PUT", `api/v1/conditions/${encodeURIComponent(id)}`, d);
}

export async function endCondition(id: string): Promise<void> {
  await call("DELETE", `api/v1/conditions/${encodeURIComponent(id)}`);
}

export async function questions(days: number): Promise<Cluster[]> {
  const found = await (await call("GET", `api/v1/questions?days=${days}`)).json() as
    { clusters: Cluster[] };
  return found.clusters;
}
