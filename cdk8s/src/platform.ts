import { type Manifest, render } from './kubernetes.ts';
import type { SekishoPlatformProps } from './platform-props.ts';
import { SekishoPlatform } from './sekisho-platform.ts';

export { PLATFORM_ISSUER, PLATFORM_NAMESPACE } from './sekisho-platform.ts';

export type PlatformOptions = SekishoPlatformProps;

/** The construct's facts, and every object of it in the order in which they are applied. */
export interface Platform extends Pick<SekishoPlatform, 'operator' | 'auth' | 'gateway' | 'edge' | 'regional'> {
  readonly manifests: readonly Manifest[];
}

/**
 * The platform as plain objects. The CustomResourceDefinitions are applied before it.
 * @throws ManifestError `issuer_invalid`
 */
export function renderPlatform(options: PlatformOptions): Platform {
  return render((chart) => {
    const { operator, auth, gateway, edge, regional } = new SekishoPlatform(chart, 'platform', options);
    return { operator, auth, gateway, edge, regional };
  });
}
