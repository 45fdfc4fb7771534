export { type Controller, createController, type InvocationContext, STATUS_ALIAS } from './controller.ts';
export type * from './ports.ts';
