'use strict';

const SECTION = 'spectrocloud.sessionBridge';
const UNITS = { ms: 1, s: 1000, m: 60_000, milliseconds: 1, seconds: 1000, minutes: 60_000 };

// '500ms', '5s', '1m', { seconds: 5 }: milliseconds; anything else: NaN.
function milliseconds(value) {
  if (typeof value === 'string') {
    const [, number, unit] = /^\s*(\d+)\s*(ms|s|m)\s*$/.exec(value) ?? [];
    return number === undefined ? NaN : Number(number) * UNITS[unit];
  }
  if (value === null || typeof value !== 'object') return NaN;
  return Object.entries(value).reduce((sum, [unit, n]) => sum + Number(n) * UNITS[unit], 0);
}

// A mistake here must not keep people from signing in: it is logged, and the default holds.
function readSettings(config, logger) {
  const read = (key, fallback, wanted, parse) => {
    try {
      const value = config.getOptional(`${SECTION}.${key}`);
      if (value === undefined) return fallback;
      const parsed = parse(value);
      if (parsed !== undefined) return parsed;
    } catch {
      // the same as a wrong value
    }
    logger.warn(`${SECTION}.${key} must be ${wanted}; the default holds`);
    return fallback;
  };
  const duration = (least, most) => value => {
    const ms = milliseconds(value);
    return ms >= least && ms <= most ? ms : undefined;
  };
  return {
    enabled: read('enabled', true, 'true or false',
      value => ({ true: true, false: false })[String(value)]),
    timeout: read('timeout', 5000, "a duration from '100ms' to '1m'", duration(100, 60_000)),
    retryDelay: read('retryDelay', 500, "a duration from '1ms' to '10s'", duration(1, 10_000)),
  };
}

module.exports = { readSettings };
