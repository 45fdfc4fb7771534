/** A time as `2026-01-05 10:12`, in UTC; a dash where there is none. */
export function minute(iso: string | null): string {
  return iso === null ? '–' : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

/** The time of day as `10:12:09`, in UTC. */
export function second(iso: string): string {
  return iso.slice(11, 19);
}

/** A span as `0.2s`, `12s`, `3m 04s`, `1h 05m` or `1d 19h`; a dash where there is none. */
export function span(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  const tenths = Math.round(Math.max(0, milliseconds) / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours}h ${two(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
