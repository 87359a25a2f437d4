/**
 * A value that is there at once where it is known, and comes later where it has to be found out. What is asked with every request is of this
 * kind: a promise for each step costs more than most decisions.
 */
export type Soon<T> = T | Promise<T>;

/** Goes on with a value as soon as it is there. What `next` throws comes the way that its answer would have come. */
export function andThen<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Does the work, and makes an answer of whatever it throws or rejects with. */
export function orElse<T>(work: () => Soon<T>, recover: (error: unknown) => T): Soon<T> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(recover) : value;
  } catch (error) {
    return recover(error);
  }
}
