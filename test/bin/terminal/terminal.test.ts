import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { showPassingLines } from '../../../bin/terminal/live-lines.ts';
import { Terminal } from '../../../bin/terminal/terminal.ts';

function openTerminal(fields: { readonly isTTY?: boolean; readonly TERM?: string } = {}) {
  const { isTTY = true, TERM = 'xterm' } = fields;
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 40 });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  const terminal = new Terminal({ stdin, stdout, stderr, env: { TERM } }, { json: false, color: false });
  const written = (through: PassThrough) => String(through.read() ?? '');
  return { terminal, stdout, stderr, out: () => written(stdout), err: () => written(stderr) };
}
const broken = (code: string) => Object.assign(new Error(code), { code });

describe('a terminal', () => {
  it('takes passing lines away before it prints or is asked', () => {
    const { terminal, out, err } = openTerminal();
    showPassingLines(terminal, () => ['◐ busy']);
    terminal.progress('said');
    terminal.print('data', (text) => [text]);

    expect(out()).toBe('data\n');
    expect(err()).toBe('◐ busy\r\u001b[Jsaid\n◐ busy\r\u001b[J');
    expect(terminal.interactive).toBe(true);
  });

  it.each([
    ['nobody reads it as it is written', { isTTY: false }],
    ['it cannot move its cursor', { TERM: 'dumb' }],
  ])('shows no passing lines and asks nobody where %s', (_, fields) => {
    const { terminal, err } = openTerminal(fields);
    showPassingLines(terminal, () => ['◐ busy']);
    terminal.progress('said');

    expect(err()).toBe('said\n');
    expect(terminal.interactive).toBe(false);
  });

  it('prints nothing more once nobody reads stdout, and says so', () => {
    const { terminal, stdout, out } = openTerminal();
    stdout.emit('error', broken('EPIPE'));
    stdout.emit('error', broken('EPIPE'));
    terminal.print('data', (text) => [text]);

    expect(terminal.closed.aborted).toBe(true);
    expect(out()).toBe('');
  });

  it('still prints where only nobody reads stderr, and keeps quiet about no other error', () => {
    const { terminal, stdout, stderr, out } = openTerminal();
    stderr.emit('error', broken('EPIPE'));
    terminal.print('data', (text) => [text]);

    expect(terminal.closed.aborted).toBe(false);
    expect(out()).toBe('data\n');
    expect(() => stdout.emit('error', broken('ENOSPC'))).toThrow('ENOSPC');
  });
});
