import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LiveLines, type TerminalStream } from '../../../bin/terminal/live-lines.ts';
import { columnsOf, cut } from '../../../bin/terminal/text-width.ts';
import fc from '../../fast-check.ts';
import { Screen, seen } from './screen.ts';

/** A terminal that says what it shows, and in how many writes it came to it. */
function terminal(columns: number) {
  const screen = new Screen(columns);
  const frames: string[] = [];
  const stream = Object.assign(new EventEmitter(), {
    columns,
    rows: 10,
    write(text: string) {
      frames.push(text);
      screen.write(text);
      return true;
    },
  });
  const resize = (to: number) => {
    screen.resize(to);
    stream.columns = to;
    stream.emit('resize');
  };
  return { screen, frames, stream, resize, live: new LiveLines(stream as unknown as TerminalStream) };
}

describe('lines that change in place', () => {
  it('are written at once, and only those that have changed', () => {
    const { screen, frames, live } = terminal(40);

    live.show(() => ['one', 'two']);
    live.show(() => ['one', 'two']);
    live.show(() => ['1', 'two']);
    live.show(() => ['1', 'two', 'three']);

    expect(frames).toHaveLength(3);
    expect(frames[1]).not.toContain('\u001b[J');
    expect(screen.text).toBe('1\ntwo\nthree');
  });

  it('have the cursor behind the last, where a terminal shows the keys that are pressed', () => {
    const { screen, live } = terminal(40);

    live.show(() => ['one', 'two']);
    live.show(() => ['1', 'two']);
    screen.write('^C');

    expect(screen.text).toBe('1\ntwo^C');
  });

  it('stay below what is said, in one write', () => {
    const { screen, frames, live } = terminal(40);

    live.show(() => ['◐ 10 %']);
    live.writeAbove('first\n');
    live.show(() => ['◐ 20 %']);
    live.writeAbove('second\nthird\n');

    expect(frames).toHaveLength(4);
    expect(screen.text).toBe('first\nsecond\nthird\n◐ 20 %');
    live.clear();
    expect(screen.text).toBe('first\nsecond\nthird');
    live.writeAbove('last\n');
    expect(screen.text).toBe('first\nsecond\nthird\nlast');
  });

  it('are laid out anew in a terminal of another width, which is listened to only meanwhile', () => {
    const { screen, stream, resize, live } = terminal(60);
    live.writeAbove('said\n');
    live.show((columns) => ['x'.repeat(columns), `${columns} columns`]);
    expect(stream.listenerCount('resize')).toBe(1);

    resize(20);
    expect(screen.text).toBe(`said\n${'x'.repeat(19)}\n19 columns`);
    resize(50);
    expect(screen.text).toBe(`said\n${'x'.repeat(49)}\n49 columns`);

    live.clear();
    expect(screen.text).toBe('said');
    expect(stream.listenerCount('resize')).toBe(0);
  });

  it('never reach the last column, nor above the first row', () => {
    const { frames, live } = terminal(12);

    live.show(() => ['\u001b[36m◐\u001b[39m a name that is too long']);
    live.show(() => Array.from({ length: 30 }, (_, index) => `line ${index}`));

    expect(frames[0]).toBe('◐ a name t…');
    expect(frames[1]?.split('\n')).toHaveLength(9);
    expect(frames[1]).toContain('line 29');
  });

  it('show the last of all that was shown, whatever was said and however wide the terminal became', () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .filter((text) => !/\p{C}|\p{M}|\t/u.test(text));
    const step = fc.oneof(
      fc.array(line, { maxLength: 3 }).map((lines) => ({ lines })),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 9 }).map((said) => ({ said })),
      fc.integer({ min: 10, max: 60 }).map((columns) => ({ columns })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const { screen, resize, live } = terminal(40);
        let said = '';
        let shown: readonly string[] = [];
        for (const each of steps) {
          if ('said' in each) {
            said += `${each.said}\n`;
            live.writeAbove(`${each.said}\n`);
          } else if ('columns' in each) resize(each.columns);
          else {
            shown = each.lines;
            live.show(() => each.lines);
          }
        }
        const lines = shown.map((text) =>
          columnsOf(text) < screen.columns ? text : cut(text, screen.columns - 1),
        );
        expect(screen.text).toBe(seen((said + lines.join('\n')).split('\n')));
      }),
    );
  });
});
