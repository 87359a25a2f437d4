import type { AlertCase } from '../alert-case.ts';
import { authCases } from './auth.ts';
import { guardCases } from './guard.ts';
import { keyCases } from './keys.ts';
import { operatorCases } from './operator.ts';
import { proxyCases } from './proxies.ts';
import { regionCases } from './regions.ts';
import { revocationCases } from './revocations.ts';

/** By the name of the alert. */
export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  ...guardCases,
  ...authCases,
  ...revocationCases,
  ...keyCases,
  ...operatorCases,
  ...proxyCases,
  ...regionCases,
};
