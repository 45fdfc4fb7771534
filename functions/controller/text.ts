const COLOURS = /\p{Cc}\[[0-9;]*m/gu;

/** A text on one line without colours, at most so many characters; what is cut off leaves an ellipsis. */
export function oneParagraph(text: string, limit: number): string {
  return cut(
    text
      .replace(COLOURS, '')
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim(),
    limit,
  );
}

/** Cuts between characters, never within one. */
export function cut(text: string, limit: number): string {
  const characters = [...text];
  return characters.length <= limit ? text : `${characters.slice(0, Math.max(0, limit - 1)).join('')}…`;
}

/** Cuts a text to so many bytes of UTF-8, between characters. */
export function cutBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let length = 0;
  let end = '';
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes - 3) return `${end}…`;
    end += character;
  }
  return end;
}

/** `1 task`, `2 tasks`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** How far a task has come: `43 %`, or `1,200 items` where nobody knows of how many; empty if it does not say. */
export function progressText(progress: { done: number; total?: number | undefined } | undefined): string {
  if (progress === undefined) return '';
  const { done, total } = progress;
  if (total === undefined || total === 0) return counted(done, 'item');
  return `${Math.min(99, Math.floor((done / total) * 100))} %`;
}

/** Where a task stopped: `8,113 of ~12,000`, or `8,113 items` where nobody knows of how many. */
export function positionText(progress: { done: number; total?: number | undefined } | undefined): string {
  if (progress === undefined) return '';
  const { done, total } = progress;
  if (total === undefined) return counted(done, 'item');
  return `${done.toLocaleString('en-US')} of ~${total.toLocaleString('en-US')}`;
}

/** A time span as people say it: `0.4 s`, `12 s`, `3m 04s`, `1d 19h`. */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [minutes, hours, days] = [
    Math.floor(whole / 60),
    Math.floor(whole / 3600),
    Math.floor(whole / 86_400),
  ];
  if (minutes < 60) return `${minutes}m ${pad(whole % 60)}s`;
  if (hours < 24) return `${hours}h ${pad(minutes % 60)}m`;
  return `${days}d ${pad(hours % 24)}h`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
