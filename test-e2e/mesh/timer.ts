/** Reports how long each part took. */
export function timer(report: (line: string) => void): <T>(title: string, work: Promise<T>) => Promise<T> {
  return async (title, work) => {
    const began = performance.now();
    const result = await work;
    report(`${title}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return result;
  };
}
