import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import type { Problem, ProblemCode } from '../problem.ts';
import { PATTERN } from '../schema/dsl.ts';
import { at, fromPointer, resolvePointer } from './field-path.ts';
import { nearest } from './nearest.ts';

/** Refusals are for a person to read: the first hundred are enough. */
const MAX_PROBLEMS = 100;

/** A schema made ready to be held against many values. */
export interface Shape<T> {
  readonly schema: TSchema;
  fits(value: unknown): value is T;
  errors(value: unknown): readonly TLocalizedValidationError[];
}

/** Compiled once: to interpret a schema anew for each value takes twenty times as long as to run it. */
export function shapeOf<S extends TSchema>(schema: S): Shape<Static<S>> {
  const validator = Compile(schema);
  return {
    schema,
    fits: (value): value is Static<S> => validator.Check(value),
    errors: (value) => validator.Errors(value),
  };
}

/**
 * Checks `value` against a shape and says in words what is wrong.
 * @param root field path of `value`, such as `spec`
 */
export function shapeProblems(shape: Shape<unknown>, value: unknown, root: string): readonly Problem[] {
  if (shape.fits(value)) return [];
  const problems = shape.errors(value).flatMap((error) => translate(shape.schema, error, root));
  // What does not fit is refused, also where no words were found for it.
  return problems.length > 0
    ? problems.slice(0, MAX_PROBLEMS)
    : [problem(root, 'BadValue', 'does not have the shape that is asked for', 'compare it with the reference')];
}

function translate(schema: TSchema, error: TLocalizedValidationError, root: string): readonly Problem[] {
  const path = fromPointer(root, error.instancePath);
  switch (error.keyword) {
    case 'boolean': // each one comes with an additionalProperties error that says more
      return [];
    case 'additionalProperties':
      return error.params.additionalProperties.map((name) => unknownField(schema, error.schemaPath, path, name));
    case 'required':
      return error.params.requiredProperties.map((name) =>
        problem(at(path, name), 'Missing', 'is required', `set ${name}`),
      );
    default:
      return [described(path, error)];
  }
}

function unknownField(schema: TSchema, schemaPath: string, path: string, name: string): Problem {
  const known = Object.keys(Object(resolvePointer(schema, `${schemaPath.replace(/^#/, '')}/properties`)));
  const meant = nearest(name, known);
  const hint = meant === undefined ? `known here: ${known.join(', ')}` : `did you mean "${meant}"?`;
  return problem(at(path, name), 'UnknownField', 'unknown field', hint);
}

function described(path: string, error: TLocalizedValidationError): Problem {
  switch (error.keyword) {
    case 'type':
      return problem(path, 'WrongType', `must be ${typeName(error.params.type)}`, 'write it in that form');
    case 'enum':
      return problem(
        path,
        'BadValue',
        `must be ${error.params.allowedValues.join(' or ')}`,
        'use one of these, or leave the field out where it is optional',
      );
    case 'pattern':
      return problem(path, 'BadValue', `must be ${meaning(error.params.pattern)}`, 'rename it');
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return problem(path, 'OutOfBounds', 'must not be empty', 'fill it in, or leave the field out');
    case 'maxLength':
      return problem(path, 'OutOfBounds', `is longer than ${error.params.limit} characters`, 'shorten it');
    case 'maxItems':
    case 'maxProperties':
      return problem(path, 'OutOfBounds', `has more than ${error.params.limit} entries`, 'remove or merge entries');
    default:
      return problem(path, 'OutOfBounds', error.message, 'correct the value');
  }
}

const TYPE_NAME: Readonly<Record<string, string>> = {
  object: 'a map of fields',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
};

function typeName(type: string | readonly string[]): string {
  const name = String(type);
  return TYPE_NAME[name] ?? name;
}

function meaning(pattern: string | RegExp): string {
  const source = typeof pattern === 'string' ? pattern : pattern.source;
  return Object.values(PATTERN).find((known) => known.pattern === source)?.means ?? `like ${source}`;
}

function problem(path: string, code: ProblemCode, message: string, hint: string): Problem {
  return { path, code, message, hint };
}
