import { type Mark, type NotedMoment, REGION_STATES, type RegionReport } from './region-news.ts';

const LOST = ':lost';
const TOLD = ':told';
const NOTED = ':noted';
const MARK = new RegExp(`^(${REGION_STATES.join('|')}) (\\d{1,15})$`);
const MOMENT = /^\d{1,15}$/;
const MOMENTS = /^(\d{1,15}) (\d{1,15})$/;

/** Names of a region's fields in the hash of regions. No region's name holds a colon. */
export const regionFields = {
  whole: (name: string) => name,
  told: (name: string) => `${name}${TOLD}`,
  noted: (name: string) => `${name}${NOTED}`,
  mark: (name: string) => `${name}${LOST}`,
  toMark: ({ state, at }: Pick<Mark, 'state' | 'at'>) => `${state} ${at}`,
};

/** Reads the hash of regions; passes over what this version does not know. */
export function toReport(fields: Readonly<Record<string, string>>, now: number): RegionReport {
  const whole = new Map<string, number>();
  const told = new Map<string, number>();
  const noted = new Map<string, NotedMoment>();
  const marks: Mark[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (field.endsWith(LOST)) marks.push(...markOf(field.slice(0, -LOST.length), value));
    else if (field.endsWith(NOTED)) noteIn(noted, field.slice(0, -NOTED.length), value);
    else if (!MOMENT.test(value)) continue;
    else if (field.endsWith(TOLD)) told.set(field.slice(0, -TOLD.length), Number(value));
    else whole.set(field, Number(value));
  }
  return { now, whole, told, noted, marks };
}

function noteIn(noted: Map<string, NotedMoment>, name: string, value: string): void {
  const [, stored, wall] = MOMENTS.exec(value) ?? [];
  if (stored !== undefined && wall !== undefined) noted.set(name, { stored: Number(stored), wall: Number(wall) });
}

function markOf(name: string, value: string): readonly Mark[] {
  const [, text, at] = MARK.exec(value) ?? [];
  const state = REGION_STATES.find((known) => known === text);
  return state === undefined ? [] : [{ name, state, at: Number(at) }];
}
