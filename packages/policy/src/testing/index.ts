/** A reading of Istio's objects that is independent of the compiler, for tests of whoever writes the objects. */
export { meshAllows } from './reference-mesh.ts';
export { payload, type TestRequest, type TestToken } from './request.ts';
