import type { DueLogIn, UnconfirmedLogIn, UnconfirmedLogIns } from '../login/unconfirmed-log-ins.ts';

export interface MemoryUnconfirmed extends UnconfirmedLogIns {
  readonly waiting: () => readonly string[];
  /** What every method rejects with. */
  failure: unknown;
}

const nameOf = ({ userId, version }: UnconfirmedLogIn) => `${userId}:${version}`;

/** All of them rest for long enough. */
export function memoryUnconfirmed(...logIns: readonly UnconfirmedLogIn[]): MemoryUnconfirmed {
  const noted = new Map<string, DueLogIn>();
  let moment = 0;
  const add = (logIn: UnconfirmedLogIn) => {
    moment += 1;
    noted.delete(nameOf(logIn));
    noted.set(nameOf(logIn), { userId: logIn.userId, version: logIn.version, notedAt: String(moment) });
  };
  for (const logIn of logIns) add(logIn);
  const assertThere = () => {
    if (store.failure !== undefined) throw store.failure;
  };
  const store: MemoryUnconfirmed = {
    failure: undefined,
    waiting: () => [...noted.keys()],
    async note(logIn) {
      assertThere();
      add(logIn);
    },
    async due(limit) {
      assertThere();
      return [...noted.values()].slice(0, limit);
    },
    async settle(settled) {
      assertThere();
      for (const logIn of settled) {
        if (noted.get(nameOf(logIn))?.notedAt === logIn.notedAt) noted.delete(nameOf(logIn));
      }
    },
  };
  return store;
}
