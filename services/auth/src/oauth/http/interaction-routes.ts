import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { HttpServer } from '../../http/server.ts';
import { showConsent, submitConsent } from './consent-step.ts';
import type { Form } from './form-body.ts';
import { answerErrorPage, type InteractionDependencies, openInteraction, type Visit } from './interaction.ts';
import { showLogin, submitLogin } from './login-step.ts';

const schema = {
  hide: true,
  params: Type.Object({ uid: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }) }),
  querystring: Type.Object({ lang: Type.Optional(Type.String({ maxLength: 16 })) }),
};

/** The pages between the authorization request and its answer. */
export function interactionRoutes(app: HttpServer, dependencies: InteractionDependencies): void {
  const path = '/oauth/interaction/:uid';
  const errorHandler = answerErrorPage;

  const visit = async (request: FastifyRequest, reply: FastifyReply) => {
    const { params, query } = request as FastifyRequest<{ Params: { uid: string }; Querystring: { lang?: string } }>;
    return openInteraction(dependencies, { request, reply, uid: params.uid, lang: query.lang });
  };

  app.get(path, { schema, errorHandler }, async (request, reply) => {
    const opened = await visit(request, reply);
    return opened.interaction.prompt.name === 'login' ? showLogin(opened) : showConsent(dependencies, opened);
  });

  app.post(path, { schema, errorHandler }, async (request, reply) => {
    const form = request.body as Form;
    const opened = await visit(request, reply);
    opened.checkForm(form);
    const next = await submit(dependencies, opened, form);
    return next === undefined ? reply : reply.code(303).header('location', next).send();
  });
}

/** @returns where the browser goes next; undefined when the page was shown again */
async function submit(dependencies: InteractionDependencies, visit: Visit, form: Form): Promise<string | undefined> {
  if (form.get('do') === 'cancel') {
    return visit.finish({ error: 'access_denied', error_description: 'the user did not allow it' });
  }
  return visit.interaction.prompt.name === 'login'
    ? submitLogin(dependencies, visit, form)
    : submitConsent(dependencies, visit);
}
