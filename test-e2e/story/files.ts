import { createHash, randomBytes } from 'node:crypto';
import type { Person } from './accounts.ts';
import type { StoryContext } from './context.ts';
import { type Answer, callEdge, json, outcome } from './http.ts';
import type { Chapter } from './step.ts';

const FILES = '/api/files';
const MEBIBYTE = 1024 * 1024;

/** Bodies of several MiB stream past the guard, which sees none of them, and each file is its owner's. */
export const filesChapter: Chapter<StoryContext> = {
  title: 'Files',
  steps: [
    {
      title: '8 MiB go up and come down through the gateway that asks the guard',
      expected: '201, 8388608 bytes; 200, the same bytes, to be saved',
      run: upAndDown,
    },
    {
      title: 'bob, who may read files, asks for one of alice',
      expected: '404 file_unknown',
      run: async (context) => {
        const { id } = await uploaded(context, 64);
        return outcome(await asks(context, context.bob, `${FILES}/${id}`));
      },
    },
    {
      title: 'and would delete it: what he may not do at all is refused at the edge',
      expected: '403 permission_missing, and alice still has it',
      run: async (context) => {
        const { id } = await uploaded(context, 64);
        const refused = await asks(context, context.bob, `${FILES}/${id}`, 'DELETE');
        const still = await asks(context, context.alice, `${FILES}/${id}`);
        return `${outcome(refused)}, and alice ${still.status === 200 ? 'still has it' : 'lost it'}`;
      },
    },
  ],
};

async function upAndDown(context: StoryContext): Promise<string> {
  const { status, id, bytes, sha256 } = await uploaded(context, 8 * MEBIBYTE);
  const back = await asks(context, context.alice, `${FILES}/${id}`);
  const same = digest(back.bytes) === sha256 ? 'the same bytes' : 'other bytes';
  const saved = String(back.headers['content-disposition']).startsWith('attachment') ? 'to be saved' : 'to be shown';
  await asks(context, context.alice, `${FILES}/${id}`, 'DELETE');
  return `${status}, ${bytes} bytes; ${back.status}, ${same}, ${saved}`;
}

/** A file of alice of this many random bytes. */
async function uploaded({ mesh, logIn, alice }: StoryContext, size: number) {
  const bytes = randomBytes(size);
  const options = { method: 'POST', token: await logIn(alice), bytes };
  const answer = await callEdge(`${mesh.edge}${FILES}?name=photo.raw`, options);
  const stored = json(answer);
  return { status: answer.status, id: String(stored['id']), bytes: stored['bytes'], sha256: digest(bytes) };
}

async function asks({ mesh, logIn }: StoryContext, who: Person, path: string, method = 'GET'): Promise<Answer> {
  return callEdge(mesh.edge + path, { method, token: await logIn(who) });
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
