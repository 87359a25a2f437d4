import type { Figure } from '../report.ts';
import type { RegionsWorld } from './world.ts';

/** What the processes take after all that. */
export function memoryFigures({ regional, single }: RegionsWorld): readonly Figure[] {
  const parts = ['auth', 'guard'] as const;
  return parts.flatMap((part) => {
    const figure = (name: string, bytes: number): Figure => ({
      name: `${part}, ${name}, resident`,
      value: Math.round(bytes / 1024 / 1024),
      unit: 'MiB',
    });
    return [
      figure('without regions', single[part].residentBytes()),
      figure('in a region', regional[part].residentBytes()),
    ];
  });
}
