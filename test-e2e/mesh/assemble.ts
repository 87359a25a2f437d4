import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crds } from '@sekisho/policy';
import { parseAllDocuments } from 'yaml';
import type { Toolchain } from '../toolchain/index.ts';
import { Cluster } from './cluster.ts';
import { apiServer, etcd, kubeconfigText, type ServerContext } from './control-plane.ts';
