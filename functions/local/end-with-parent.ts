/** A worker thread that ends its process together with the one that forked it. */
import { Socket } from 'node:net';

/** A pipe, beyond stdin, stdout, stderr and the channel, that the system closes with the other process. */
const PARENT_PIPE = 4;

const end = (): void => {
  process.kill(process.pid, 'SIGKILL');
};
new Socket({ fd: PARENT_PIPE }).on('close', end).on('error', end).resume();
