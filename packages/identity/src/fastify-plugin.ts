/** A plugin for the whole application and not only its own scope: https://fastify.dev/docs/latest/Reference/Plugins */
export function forWholeApplication<Plugin extends object>(name: string, plugin: Plugin): Plugin {
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: name,
  });
}
