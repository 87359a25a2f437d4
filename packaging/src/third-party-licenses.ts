import { licenseTexts, type NpmPackage } from './npm-package.ts';

const RULE = '='.repeat(80);

/** One text with the licenses and notices of these packages; the license's name where its package ships no text. */
export async function thirdPartyLicenses(root: string, packages: readonly NpmPackage[]): Promise<string> {
  const sections = await Promise.all(packages.map((one) => section(root, one)));
  return `What others wrote that is part of this image, and under which terms.\n\n${[...new Set(sections)].join('\n')}`;
}

async function section(root: string, one: NpmPackage): Promise<string> {
  const texts = await licenseTexts(root, one);
  const title = `${one.name} ${one.version} (${one.license})`;
  return [RULE, title, RULE, ...(texts.length === 0 ? ['Its package ships no text of the license.'] : texts), ''].join(
    '\n',
  );
}
