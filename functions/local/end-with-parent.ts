/** A worker thread that ends its process together with the one that started it. */
import { Socket } from 'node:net';
import { PARENT_FD } from './parent-pipe.ts';

const end = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
new Socket({ fd: PARENT_FD }).on('close', end).on('error', end).resume();
