import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';

/** A DynamoDB that does not share its event loop with what is measured; it ends with the process that began it. */
const server = dynalite({ createTableMs: 0 });
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
