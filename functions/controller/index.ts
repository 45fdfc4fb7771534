export { type Controller, createController, type InvocationContext } from './controller.ts';
export type * from './ports.ts';
export { READ_REQUESTS, STATUS_ALIAS } from './read-requests.ts';
