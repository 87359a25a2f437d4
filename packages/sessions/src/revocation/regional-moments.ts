import type { Asked, DatedKind, RevocationEntry } from './revocation.ts';

/** What one region said of a name. Moments are epoch seconds of its clock, inclusive. */
interface Statement {
  /** What it issued up to then is refused. */
  own: number;
  /** What the other regions have to answer. */
  asked: number;
  /** Of a log-out: the session that goes on. */
  except: string | undefined;
  /** By region, up to where this one answered it. */
  readonly answered: Map<string, number>;
}

const NEVER = -1;

/** What is said of one name: its entries without what they share. */
export type Said = Required<Pick<RevocationEntry, 'issuedBefore' | 'region'>> &
  Pick<RevocationEntry, 'answers' | 'except'>;

/**
 * Up to when tokens of each region are refused for one name. Clocks of regions differ, so a moment says something about
 * tokens of its own region alone. What another region issued is refused whole, until that region has heard of
 * the revocation and answered with a moment of its own: then what it issued until it heard is refused, and a new log-in there works.
 * Every entry only adds to what is refused, but an answer: it puts an end to the refusal that stood in for it.
 */
export class RegionalMoments {
  readonly #of = new Map<string, Statement>();

  add({ issuedBefore, region, answers, except }: Said): void {
    const statement = this.#statementOf(region);
    statement.own = Math.max(statement.own, issuedBefore);
    if (answers === undefined) {
      if (issuedBefore > statement.asked) statement.except = except;
      // Two log-outs of one second that keep different sessions: neither is kept.
      else if (issuedBefore === statement.asked && statement.except !== except) statement.except = undefined;
      statement.asked = Math.max(statement.asked, issuedBefore);
    } else {
      const before = statement.answered.get(answers.region) ?? NEVER;
      statement.answered.set(answers.region, Math.max(before, answers.issuedBefore));
    }
  }

  covers({ issuedBefore, region, answers, except }: Said): boolean {
    const statement = this.#of.get(region);
    if (statement === undefined || statement.own < issuedBefore) return false;
    if (answers !== undefined) return hasAnswered(statement, answers);
    if (statement.asked > issuedBefore) return true;
    return statement.asked === issuedBefore && (statement.except === undefined || statement.except === except);
  }

  /** @param region that issued it; undefined when nobody knows: then every moment counts */
  refuses(iat: number, region: string | undefined): boolean {
    if (region === undefined) return [...this.#of.values()].some(({ own }) => iat <= own);
    const statement = this.#of.get(region);
    for (const [name, { asked }] of this.#of) {
      if (name !== region && asked > (statement?.answered.get(name) ?? NEVER)) return true;
    }
    return statement !== undefined && iat <= statement.own;
  }

  *said(): Generator<Said> {
    for (const [region, { own, asked, except, answered }] of this.#of) {
      if (asked !== NEVER) yield { issuedBefore: asked, region, ...(except !== undefined && { except }) };
      for (const [asker, moment] of answered) {
        yield { issuedBefore: own, region, answers: { region: asker, issuedBefore: moment } };
      }
    }
  }

  /** What the other regions said that this one has to answer. */
  *unansweredBy(region: string): Generator<Said> {
    for (const said of this.said()) {
      if (said.answers === undefined && said.region !== region && !this.isAnsweredBy(region, said)) yield said;
    }
  }

  isAnsweredBy(region: string, asked: Asked): boolean {
    const statement = this.#of.get(region);
    return statement !== undefined && hasAnswered(statement, asked);
  }

  #statementOf(region: string): Statement {
    const known = this.#of.get(region);
    if (known !== undefined) return known;
    const statement: Statement = { own: NEVER, asked: NEVER, except: undefined, answered: new Map() };
    this.#of.set(region, statement);
    return statement;
  }
}

/** Who answered a later moment of a region has heard what it said before. */
function hasAnswered(statement: Statement, { region, issuedBefore }: Asked): boolean {
  return (statement.answered.get(region) ?? NEVER) >= issuedBefore;
}

export function isRegional(entry: RevocationEntry): entry is RevocationEntry & Said & { readonly kind: DatedKind } {
  return entry.region !== undefined;
}
